"""From names to rules: which rules each correlation listens to, and which of them alert."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sigma.exceptions import SigmaError
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

from engine.blame import blame
from engine.correlate.condition import Compare, possible
from engine.correlate.link import Linked, not_loaded
from engine.correlate.parse import Draft, expression
from engine.correlate.rule import Correlation, as_saved, digest, stamp
from engine.errors import RuleError, nearest_name
from engine.kinds import LogSource
from engine.level import level_rank
from engine.rule import Rule


@dataclass(frozen=True, slots=True)
class Known:
    """A rule that loaded, the name it may be referred to by, and how to get at pySigma's rule.

    That is the rule as filters and pipelines left it; only pipelines ask for it.
    """

    rule: Rule
    name: str | None
    sigma: Callable[[], SigmaRule]


@dataclass(slots=True)
class _Names:
    """Rules and drafts by the ids and names that they may be referred to by."""

    by_id: dict[str, Known | Draft] = field(default_factory=dict)
    by_name: dict[str, list[Known | Draft]] = field(default_factory=dict)

    def add(self, node: Known | Draft) -> None:
        if isinstance(node, Known):
            self.by_id[node.rule.id.lower()] = node
        elif node.sigma.id:
            self.by_id[str(node.sigma.id).lower()] = node
        name = node.name if isinstance(node, Known) else node.sigma.name
        if name:
            self.by_name.setdefault(name, []).append(node)

    def find(self, reference: str, draft: Draft) -> Known | Draft:
        """What a draft means by a reference. Raises `RuleError`."""
        found = self.by_id.get(reference.lower())
        if found is not None:
            return found
        named = self.by_name.get(reference, [])
        here = [node for node in named if _file(node) == draft.documents.file]
        if len(here or named) == 1:
            return (here or named)[0]
        if named:
            raise draft.refuse(f"refers to {reference!r}, which is the name of several rules")
        near = nearest_name(reference, self.by_name)
        hint = f"; did you mean {near!r}?" if near else ""
        raise draft.refuse(f"{not_loaded(reference)}{hint}")


def resolve(
    drafts: Sequence[Draft], known: Sequence[Known], pipelines: Sequence[ProcessingPipeline]
) -> Linked:
    """The correlations of a rule set; those that cannot be completed are refused by name."""
    names = _Names()
    for item in known:
        names.add(item)
    for draft in drafts:
        names.add(draft)
    refused: list[RuleError] = []
    links: dict[int, list[Known | Draft]] = {}
    for draft in drafts:
        try:
            links[id(draft)] = [names.find(name, draft) for name in draft.references]
        except RuleError as error:
            refused.append(error)
    made: dict[int, Correlation] = {}
    owners = {item.rule.id: item.rule.file for item in known}
    for draft in _in_order(drafts, links, refused):
        try:
            correlation = _correlation(draft, links[id(draft)], made, pipelines)
        except (RuleError, SigmaError) as error:
            refused.append(
                error if isinstance(error, RuleError) else blame(error, draft.documents,
                                                                 draft.sigma.title))  # fmt: skip
            continue
        rule = correlation.rule
        if rule.id in owners:
            reason = f"id {rule.id} is already taken by {owners[rule.id]}"
            refused.append(draft.refuse(reason, "id"))
            continue
        owners[rule.id] = rule.file
        made[id(draft)] = correlation
    blocks = {
        node.rule.id
        for draft in drafts
        if not draft.sigma.generate
        for node in links.get(id(draft), ())
        if isinstance(node, Known) and node.rule.file == draft.documents.file
    }
    return Linked(tuple(made.values()), tuple(refused), frozenset(blocks))


def _file(node: Known | Draft) -> str:
    return node.rule.file if isinstance(node, Known) else node.documents.file


def _in_order(
    drafts: Sequence[Draft],
    links: Mapping[int, Sequence[Known | Draft]],
    refused: list[RuleError],
) -> Iterable[Draft]:
    """Drafts whose references stand, each after those it refers to; the others are refused."""
    done: set[int] = set()
    waiting = [draft for draft in drafts if id(draft) in links]
    while waiting:
        ready = [
            draft for draft in waiting
            if all(isinstance(node, Known) or id(node) in done for node in links[id(draft)])
        ]  # fmt: skip
        if not ready:
            break
        for draft in ready:
            done.add(id(draft))
            yield draft
        waiting = [draft for draft in waiting if id(draft) not in done]
    stuck = {id(draft) for draft in waiting}
    for draft in waiting:
        below = [n for n in links[id(draft)] if isinstance(n, Draft) and id(n) not in done]
        lost = next((node for node in below if id(node) not in stuck), None)
        if lost is not None:
            reason = f"refers to {lost.sigma.title!r}, which could not be loaded"
        elif _reaches(draft, draft, links):
            reason = "refers to itself, through " + ", ".join(repr(n.sigma.title) for n in below)
        else:
            reason = f"refers to {below[0].sigma.title!r}, which could not be loaded"
        refused.append(draft.refuse(reason))


def _reaches(start: Draft, goal: Draft, links: Mapping[int, Sequence[Known | Draft]]) -> bool:
    seen: set[int] = set()
    waiting: list[Known | Draft] = list(links.get(id(start), ()))
    while waiting:
        node = waiting.pop()
        if node is goal:
            return True
        if id(node) not in seen:
            seen.add(id(node))
            waiting.extend(links.get(id(node), ()))
    return False


def _correlation(
    draft: Draft,
    nodes: Sequence[Known | Draft],
    made: Mapping[int, Correlation],
    pipelines: Sequence[ProcessingPipeline],
) -> Correlation:
    """The correlation of a draft whose references are known. Raises `RuleError`, `SigmaError`."""
    for node in nodes:
        if isinstance(node, Draft) and id(node) not in made:
            raise draft.refuse(f"refers to {node.sigma.title!r}, which could not be loaded")
    rules = [node.rule if isinstance(node, Known) else made[id(node)].rule for node in nodes]
    _pipe(draft, nodes, pipelines)
    sigma = draft.sigma
    whole, _ = expression(draft)
    kind = sigma.type.name.lower()
    # an order may name a rule twice; for every other type it is the same rule
    once = {rule.id: rule for rule in rules}
    kept = rules if whole or kind == "temporal_ordered" else list(once.values())
    tests = draft.tests
    if whole is None and not tests:
        tests = (("gte", len(kept)),)
    _refuse_impossible(draft, kept, tests, whole)
    fields = getattr(sigma.condition, "fieldref", None)
    result = Correlation(
        rule=_rule(draft, rules),
        type=kind,
        sources=tuple(rule.id for rule in kept),
        titles=tuple(rule.title for rule in kept),
        span=sigma.timespan.seconds * 1_000_000,
        timespan=sigma.timespan.spec,
        group_by=tuple(sigma.group_by or ()),
        aliases=_aliases(draft, rules),
        fields=tuple([fields] if isinstance(fields, str) else fields or ()),
        compare=Compare(tests) if whole is None else None,
        expression=whole,
        percentile=50 if draft.percentile is None else draft.percentile,
        condition=getattr(sigma.condition, "expression", ""),
        generate=bool(sigma.generate),
    )
    below = [made[id(node)].content if isinstance(node, Draft) else stamp(node.rule)
             for node in nodes]  # fmt: skip
    return replace(result, content=digest([as_saved(result), below]))


def _refuse_impossible(
    draft: Draft, rules: Sequence[Rule], tests: Sequence[tuple[str, int | float]], whole: Any
) -> None:
    if whole is not None and not possible(whole, range(len(rules))):
        raise draft.refuse("can never hold: a window begins with a match of one of its rules",
                           "condition")  # fmt: skip
    if draft.sigma.type.name.lower().startswith("temporal"):
        for op, bound in tests:
            if (op == "gt" and bound >= len(rules)) or (op == "gte" and bound > len(rules)):
                raise draft.refuse(f"{op} {bound} of {len(rules)} rules can never hold",
                                   "condition")  # fmt: skip


def _pipe(
    draft: Draft, nodes: Sequence[Known | Draft], pipelines: Sequence[ProcessingPipeline]
) -> None:
    """Rename the fields it groups by and measures, as the user's pipelines do in its rules."""
    if not pipelines:
        return
    sigma = draft.sigma
    references = list(sigma.rules or [])
    for reference, node in zip(references, nodes, strict=False):
        reference.rule = node.sigma() if isinstance(node, Known) else node.sigma
    sigma.referenced_rules = references
    for pipeline in pipelines:
        pipeline.apply(sigma)


def _aliases(draft: Draft, rules: Sequence[Rule]) -> dict[str, dict[str, str]]:
    """Alias → rule id → field. Raises `RuleError` for a rule that the correlation does not list."""
    listed = dict(zip(draft.references, rules, strict=True))
    listed.update({rule.id: rule for rule in rules})
    found: dict[str, dict[str, str]] = {}
    for alias in draft.sigma.aliases:
        for reference, name in alias.mapping.items():
            rule = listed.get(str(reference.reference))
            if rule is None:
                raise draft.refuse(
                    f"alias {alias.alias!r} names {reference.reference!r}, "
                    "which is none of its rules", "aliases"
                )  # fmt: skip
            found.setdefault(alias.alias, {})[rule.id] = name
    return found


def _rule(draft: Draft, rules: Sequence[Rule]) -> Rule:
    """What alerts say of it; without a level of its own, it has the gravest of its rules."""
    sigma = draft.sigma
    level = sigma.level.name.lower() if sigma.level else max(
        (rule.level for rule in rules), key=level_rank, default="medium")  # fmt: skip
    tags = [str(tag) for tag in sigma.tags]
    if not any(tag.startswith("attack.") for tag in tags):
        tags += [tag for rule in rules for tag in rule.tags]
    version = sigma.modified or sigma.date
    block = draft.written.get("correlation")
    return Rule(
        id=str(sigma.id) if sigma.id else digest([sigma.title, block])[:32],
        title=sigma.title,
        level=level,
        status=sigma.status.name.lower() if sigma.status else None,
        logsource=LogSource(),
        tags=tuple(dict.fromkeys(tags)),
        bindings=(),
        file=draft.documents.file,
        ruleset=draft.ruleset,
        document=draft.written,
        version=version.isoformat() if version else None,
        description=sigma.description,
        author=sigma.author,
        license=sigma.license,
        references=tuple(str(reference) for reference in sigma.references),
    )
