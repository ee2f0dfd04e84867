"""The detector: which of the loaded rules match an event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.errors import Problem, Report
from engine.event import Event
from engine.match import reference
from engine.match.expression import Expression, Test, fields
from engine.match.pattern import RegexTimeoutError
from engine.match.predicates import Scalar
from engine.rule import Rule

Evaluator = Callable[[Expression, Event], bool]

ROUTES_KEPT = 4096
"""Distinct combinations of routing values whose candidate rules are remembered."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched an event, by which binding, and the tests that made it so."""

    rule: Rule
    event: Event
    binding: str
    evidence: tuple[Test, ...]


class Detector:
    """Matches events against rules; the same events and rules always give the same matches.

    Rules are grouped by the route of their bindings, and what an event's routing values (such
    as channel and event id) lead to is remembered, so that an event meets only the rules of its
    own log sources.
    """

    def __init__(
        self, rules: Sequence[Rule], report: Report, holds: Evaluator = reference.holds
    ) -> None:
        self.rules = tuple(rules)
        self._report = report
        self._holds = holds
        self._groups: dict[Expression, list[tuple[int, Rule, str, Expression]]] = {}
        for place, rule in enumerate(self.rules):
            for binding in rule.bindings:
                group = self._groups.setdefault(binding.route, [])
                group.append((place, rule, binding.name, binding.body))
        self._routing = tuple(sorted({name for route in self._groups for name in fields(route)}))
        self._candidates: dict[
            tuple[tuple[Scalar, ...], ...], list[tuple[Rule, str, Expression]]
        ] = {}

    def match(self, event: Event) -> list[Match]:
        """The rules that match, in the order they were loaded, each once."""
        matches: list[Match] = []
        matched: set[str] = set()
        for rule, binding, body in self.candidates(event):
            if rule.id not in matched and self._matches(rule, body, event):
                matched.add(rule.id)
                evidence = tuple(dict.fromkeys(reference.evidence(body, event)))
                matches.append(Match(rule, event, binding, evidence))
        return matches

    def candidates(self, event: Event) -> list[tuple[Rule, str, Expression]]:
        """The rules whose log source the event belongs to, with the binding that says so."""
        key = tuple(event.values(name) for name in self._routing)
        known = self._candidates.get(key)
        if known is None:
            if len(self._candidates) >= ROUTES_KEPT:
                self._candidates.clear()
            known = self._candidates[key] = self._route(event)
        return known

    def _route(self, event: Event) -> list[tuple[Rule, str, Expression]]:
        found = [
            member
            for route, group in self._groups.items()
            if reference.holds(route, event)
            for member in group
        ]
        found.sort(key=lambda member: member[0])
        return [(rule, binding, body) for _, rule, binding, body in found]

    def _matches(self, rule: Rule, body: Expression, event: Event) -> bool:
        try:
            return self._holds(body, event)
        except RegexTimeoutError as error:
            # the rule did not get its answer for this event, which must not pass unseen
            self._report(Problem("rule-timeout", f"{rule.title}: {error}", file=rule.file))
            return False
