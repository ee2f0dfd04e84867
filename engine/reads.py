"""What is read of events: by rules, correlations, tuning, and by what alerts say of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.entities import ABOUT
from engine.event import TIMES
from engine.kinds import SHAPES
from engine.match.expression import Expression, fields, tests
from engine.rule import Rule, RuleSet
from engine.tune.condition import Condition
from engine.tune.entries import Tuning

ALWAYS = ABOUT | TIMES | SHAPES | {"Channel", "EventID", "Provider_Name", "Computer"}
"""The fields by which an event's log source and time are told, and those that alerts repeat."""


@dataclass(frozen=True, slots=True)
class Reads:
    """The fields that are read, and what reads every value of an event, by title.

    Where anything does, the fields alone are not enough.
    """

    fields: frozenset[str]
    everything: tuple[str, ...] = ()

    @classmethod
    def of(cls, rules: RuleSet) -> Reads:
        """What a rule set reads."""
        found: set[str] = set(ALWAYS)
        everything: dict[str, None] = {}
        for title, part in (*_rules(rules), *_tuned(rules)):
            found |= fields(part)
            if any(test.field is None for test in tests(part)):
                everything[title] = None
        for correlation in rules.correlations:
            for source in correlation.sources:
                found.update(correlation.reads(source))
        for entry in rules.tuning.suppress if rules.tuning else ():
            found.update(entry.by)
        return cls(frozenset(found), tuple(everything))


def _rules(rules: RuleSet) -> Iterator[tuple[str, Expression]]:
    for rule in rules.rules:
        for binding in rule.bindings:
            yield rule.title, binding.route
            yield rule.title, binding.body


def _tuned(rules: RuleSet) -> Iterator[tuple[str, Expression]]:
    """The conditions of the tuning, as they are for the log sources of the rules that they meet."""
    tuning = rules.tuning or Tuning()
    for entry in tuning.exceptions:
        yield from _bound(entry.title, entry.condition, filter(entry.covers, rules.rules))
    for override in tuning.overrides:
        if override.when:
            covered = filter(override.scope.covers, rules.rules)
            yield from _bound(override.name, override.when, covered)


def _bound(
    title: str, condition: Condition, rules: Iterator[Rule]
) -> Iterator[tuple[str, Expression]]:
    for source in {rule.logsource for rule in rules}:
        for part in condition.parts(source):
            yield title, part
