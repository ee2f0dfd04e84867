"""Rule files to rules: pySigma parses, every rule that cannot be used is named, the rest go on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from sigma.collection import SigmaCollection
from sigma.filters import SigmaFilter
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

from engine.blame import blame, refusal
from engine.correlate.parse import Draft, draft, is_correlation
from engine.correlate.resolve import Known, resolve
from engine.errors import InputError, RuleError
from engine.filters import Filter, sound
from engine.kinds import LogSource
from engine.logsource import bind
from engine.match.expression import tests
from engine.match.predicates import Matches
from engine.rule import Rule, RuleSet, Selection
from engine.rule_shape import check
from engine.yaml_text import Documents, read_documents

SUFFIXES = (".yml", ".yaml")


def load_rules(
    paths: Sequence[Path],
    *,
    select: Selection | None = None,
    pipelines: Sequence[ProcessingPipeline] = (),
) -> RuleSet:
    """Load every rule under the paths (files, or folders searched for `.yml` and `.yaml`).

    Filters apply to all rules loaded with them. A rule that cannot be loaded is put into
    `refused` with file, line and reason. Raises `InputError` for a path that does not exist.
    """
    found = RuleSet()
    parsed: list[tuple[SigmaRule, Documents, str]] = []
    filters: list[Filter] = []
    names: set[str] = set()
    drafts: list[Draft] = []
    for file, ruleset in rule_files(paths):
        found.files += 1
        try:
            documents = read_documents(file)
            items = list(_parse(documents, ruleset))
        except RuleError as error:
            found.refused.append(error)
            continue
        names.update(_names(documents))
        for item in items:
            if isinstance(item, SigmaFilter):
                filters.append(Filter(item, documents))
            elif isinstance(item, SigmaRule):
                parsed.append((item, documents, ruleset))
            elif isinstance(item, Draft):
                drafts.append(item)
            else:
                found.refused.append(item)
    filters = sound(filters, found.refused, shaped=bool(pipelines))
    found.filters = len(filters)
    select = select or Selection()
    known = _take(found, parsed, filters, select, pipelines)
    found.refused.extend(idle for item in filters if (idle := item.idle(names)))
    if drafts:
        resolve(found, drafts, known, select, pipelines)
    return found


def rule_files(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Each rule file once, sorted within its folder, with the name of its rule set."""
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise InputError("no such file or folder of rules", file=str(path))
        ruleset = path.resolve().name if path.is_dir() else path.resolve().parent.name
        files: Iterable[Path] = [path]
        if path.is_dir():
            files = sorted(f for f in path.rglob("*") if f.suffix in SUFFIXES and f.is_file())
        for file in files:
            if (resolved := file.resolve()) not in seen and not _is_test_data(file, path):
                seen.add(resolved)
                yield file, ruleset


def _is_test_data(file: Path, root: Path) -> bool:
    """SigmaHQ keeps recorded test events, described by `info.yml`, beside its rules."""
    return file.name == "info.yml" and "regression_data" in file.relative_to(root).parts


def _parse(
    documents: Documents, ruleset: str
) -> Iterator[SigmaRule | SigmaFilter | Draft | RuleError]:
    """A file's rules and filters as pySigma reads them, or the error each one has."""
    good = []
    for item in documents.items:
        refuse = partial(_refuse, documents, item)
        try:
            check(item, refuse)
            if is_correlation(item):
                yield draft(item, documents, ruleset)
            else:
                good.append(item)
        except RuleError as error:
            yield error
    try:
        yield from _sorted_out(documents, good)
    except Exception as error:  # noqa: BLE001  # whatever pySigma lets out, other rules go on
        if len(good) == 1:
            yield blame(error, documents, good[0].get("title"))
            return
        for item in good:
            yield from _parse(Documents(documents.file, documents.text, [item]), ruleset)


def _names(documents: Documents) -> Iterator[str]:
    """What filters may call the rules of a file."""
    for item in documents.items:
        if isinstance(item, dict):
            yield from (str(item[key]) for key in ("id", "name") if item.get(key))


def _refuse(documents: Documents, item: Any, message: str, field: str, expected: str) -> RuleError:
    return refusal(message, documents, item, field, expected)


def _sorted_out(
    documents: Documents, items: list[dict[str, Any]]
) -> list[SigmaRule | SigmaFilter | RuleError]:
    """What pySigma makes of documents. Raises whatever it raises."""
    found: list[SigmaRule | SigmaFilter | RuleError] = []
    collection = SigmaCollection.from_dicts(
        items, collect_errors=True, collect_filters=True, resolve_references=False
    )
    for rule in [*collection.rules, *collection.filters]:
        if rule.errors:
            found.append(blame(rule.errors[0], documents, rule.title))
        elif isinstance(rule, SigmaRule | SigmaFilter):
            found.append(rule)
    attributed = {id(e) for rule in [*collection.rules, *collection.filters] for e in rule.errors}
    for unattributed in collection.errors:
        if id(unattributed) not in attributed:
            found.append(blame(unattributed, documents, None))
    return found


def _take(
    found: RuleSet,
    parsed: list[tuple[SigmaRule, Documents, str]],
    filters: list[Filter],
    select: Selection,
    pipelines: Sequence[ProcessingPipeline],
) -> list[Known]:
    """Bind each parsed rule and sort it into the set; all that loaded, wanted or not."""
    owners: dict[str, str] = {}
    known: list[Known] = []
    for sigma, documents, ruleset in parsed:
        try:
            for item in filters:
                sigma = item.apply(sigma)
            rule = _rule(sigma, documents, ruleset, pipelines)
        except Exception as error:  # noqa: BLE001  # one bad rule never stops the others
            found.refused.append(blame(error, documents, sigma.title))
            continue
        if rule.id in owners:
            reason = f"id {rule.id} is already taken by {owners[rule.id]}"
            found.refused.append(RuleError(reason, file=rule.file, field="id"))
            continue
        owners[rule.id] = rule.file
        known.append(Known(rule, sigma, select.wants(rule)))
        if known[-1].wanted:
            found.rules.append(rule)
        else:
            found.unwanted += 1
    return known


def _rule(
    sigma: SigmaRule,
    documents: Documents,
    ruleset: str,
    pipelines: Sequence[ProcessingPipeline],
) -> Rule:
    source = LogSource(sigma.logsource.product, sigma.logsource.service, sigma.logsource.category)
    written = documents.titled(sigma.title)
    bindings = bind(sigma, pipelines)
    regexes = [
        test.predicate.regex
        for test in tests(bindings[-1].expression)
        if isinstance(test.predicate, Matches)
    ]
    version = sigma.modified or sigma.date
    return Rule(
        id=str(sigma.id) if sigma.id else _id_of(written, sigma.title),
        title=sigma.title,
        level=sigma.level.name.lower() if sigma.level else "medium",
        status=sigma.status.name.lower() if sigma.status else None,
        logsource=source,
        tags=tuple(str(tag) for tag in sigma.tags),
        bindings=bindings,
        file=documents.file,
        ruleset=ruleset,
        document=written,
        version=version.isoformat() if version else None,
        description=sigma.description,
        author=sigma.author,
        license=sigma.license,
        references=tuple(str(reference) for reference in sigma.references),
        linear=all(regex.linear for regex in regexes),
    )


def _id_of(written: dict[str, Any], title: str) -> str:
    """A lasting id for a rule that has none: by its title and detection, not by its place."""
    text = yaml.safe_dump([title, written.get("logsource"), written.get("detection")])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
