"""Correlations whose references stand, and which rules a selection of them leaves to alert."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.correlate.rule import Correlation
from engine.errors import RuleError
from engine.rule import Rule, RuleSet, Selection

NOT_LOADED = ", which is not loaded"


def not_loaded(reference: str) -> str:
    """What is said of a correlation that refers to a rule that is not there."""
    return f"refers to {reference!r}{NOT_LOADED}"


def misses(error: RuleError, references: Iterable[str]) -> str | None:
    """Which of some names and ids (in any case) a correlation is refused for referring to."""
    said = error.message.lower()
    return next((name for name in references if said.startswith(not_loaded(name).lower())), None)


@dataclass(frozen=True, slots=True)
class Linked:
    """The correlations of all rules that loaded, whatever is wanted of them.

    `correlations` come each after what it listens to; `blocks` are the ids of the rules that
    stand in one file with a correlation made of them, and do not alert themselves.
    """

    correlations: tuple[Correlation, ...] = ()
    refused: tuple[RuleError, ...] = ()
    blocks: frozenset[str] = frozenset()


def sort_out(found: RuleSet, linked: Linked, known: Sequence[Rule], select: Selection) -> None:
    """Decide which rules are kept, and which of those only feed correlations.

    A rule that a wanted correlation listens to does not alert, unless it says `generate`; nor
    do the `blocks`.
    """
    by_id = {correlation.rule.id: correlation for correlation in linked.correlations}
    needed: set[str] = set()
    silent: set[str] = set(linked.blocks)
    waiting = [correlation for correlation in linked.correlations if select.wants(correlation.rule)]
    wanted = {correlation.rule.id for correlation in waiting}
    while waiting:
        correlation = waiting.pop()
        if not correlation.generate:
            silent.update(correlation.sources)
        for source in correlation.sources:
            if source not in needed:
                needed.add(source)
                waiting.extend([by_id[source]] if source in by_id else [])
    found.refused.extend(linked.refused)
    for rule in known:
        _keep(found, rule, select.wants(rule), needed, silent)
    for correlation in linked.correlations:
        kept = _keep(found, correlation.rule, correlation.rule.id in wanted, needed, silent)
        if kept is not None:
            found.correlations.append(replace(correlation, rule=kept))


def _keep(
    found: RuleSet, rule: Rule, wanted: bool, needed: set[str], silent: set[str]
) -> Rule | None:
    output = wanted and rule.id not in silent
    if not output and rule.id not in needed:
        found.unwanted += not wanted
        return None
    kept = rule if output else replace(rule, output=False)
    found.rules.append(kept)
    return kept
