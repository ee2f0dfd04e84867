"""One rule file to rules, through pySigma; what cannot be used in it is named, the rest go on.

This is the slow part of loading: pySigma reads some 500 rules a second. `engine.load` asks for
it only where the outcome is not known yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml
from sigma.collection import SigmaCollection
from sigma.filters import SigmaFilter
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

from engine.blame import blame, refusal
from engine.compiled import Compiled, Named, moved
from engine.correlate.parse import Draft, draft, is_correlation
from engine.errors import RuleError
from engine.filters import Filter
from engine.kinds import LogSource
from engine.logsource import bind
from engine.match.expression import tests
from engine.match.predicates import Matches
from engine.rule import Rule
from engine.rule_shape import check
from engine.tune.exception import exempt
from engine.tune.exempt import Exempt, is_exception
from engine.yaml_text import Documents, documents_in


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as pySigma reads it, before filters and pipelines; good for one `bound`."""

    documents: Documents
    ruleset: str
    items: tuple[SigmaRule | Filter | Draft | Exempt | RuleError, ...]

    @property
    def filters(self) -> list[Filter]:
        """The filters in it that can be applied."""
        return [item for item in self.items if isinstance(item, Filter)]

    @property
    def drafts(self) -> list[Draft]:
        """The correlations in it, not yet resolved."""
        return [item for item in self.items if isinstance(item, Draft)]

    @property
    def exceptions(self) -> list[Exempt]:
        """The exceptions in it."""
        return [item for item in self.items if isinstance(item, Exempt)]


def parsed(raw: bytes, file: str, ruleset: str, shaped: Callable[[], bool] = bool) -> Parsed:
    """Read a file's bytes; `file` is its name in errors.

    `shaped` says whether pipelines will shape the rules; it is asked where that counts.
    """
    try:
        documents = documents_in(raw, file)
    except RuleError as error:
        return Parsed(Documents(file, "", []), ruleset, (error,))
    return parsed_documents(documents, ruleset, shaped)


def parsed_documents(
    documents: Documents, ruleset: str, shaped: Callable[[], bool] = bool
) -> Parsed:
    """Read documents as if they stood in one file."""
    items: list[SigmaRule | Filter | Draft | Exempt | RuleError] = []
    for item in _parse(documents, ruleset, shaped):
        if isinstance(item, SigmaFilter):
            filter = Filter(item, documents)
            items.append(filter.fault(shaped=shaped()) or filter)
        else:
            items.append(item)
    return Parsed(documents, ruleset, tuple(items))


def bound(
    file: Parsed,
    filters: Sequence[Filter],
    pipelines: Sequence[ProcessingPipeline],
    filtered: str,
) -> tuple[Compiled, list[SigmaRule]]:
    """The outcome for a file, and what pySigma has for each rule of it in the end.

    `filtered` is to be remembered as the name of the filters.
    """
    rules: list[Named | RuleError] = []
    sigmas: list[SigmaRule] = []
    applied: set[int] = set()
    for sigma in file.items:
        if not isinstance(sigma, SigmaRule):
            continue
        sigmas.append(sigma)
        try:
            applied.update([at for at, item in enumerate(filters) if item.apply(sigma)])
            rules.append(Named(_rule(sigma, file.documents, file.ruleset, pipelines), sigma.name))
        except Exception as error:  # noqa: BLE001  # one bad rule never stops the others
            rules.append(moved(blame(error, file.documents, sigma.title), file.documents.file))
    refused = [item for item in file.items if isinstance(item, RuleError)]
    done = Compiled(
        rules=tuple(rules),
        refused=tuple(moved(error, file.documents.file) for error in refused),
        filters=tuple(filter.scope() for filter in file.filters),
        correlations=len(file.drafts),
        exceptions=len(file.exceptions),
        names=tuple(_names(file.documents)),
        filtered=filtered,
        applied=tuple(sorted(applied)),
    )
    return done, sigmas


def _names(documents: Documents) -> Iterator[str]:
    """What filters may call the rules of a file."""
    for item in documents.items:
        if isinstance(item, dict):
            yield from (str(item[key]) for key in ("id", "name") if item.get(key))


def _parse(
    documents: Documents, ruleset: str, shaped: Callable[[], bool]
) -> Iterator[SigmaRule | SigmaFilter | Draft | Exempt | RuleError]:
    """A file's rules and filters as pySigma reads them, or the error each one has."""
    good = []
    for item in documents.items:
        refuse = partial(_refuse, documents, item)
        try:
            check(item, refuse)
            if is_correlation(item):
                yield draft(item, documents, ruleset)
            elif is_exception(item):
                yield exempt(item, documents, shaped=shaped())
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
            yield from _parse(Documents(documents.file, documents.text, [item]), ruleset, shaped)


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
