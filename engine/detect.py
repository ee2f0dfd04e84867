"""The detector: which of the loaded rules match an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from engine.errors import Problem, Report
from engine.event import Event
from engine.logsource import Binding
from engine.match import reference
from engine.match.evaluate import Ruleset
from engine.match.expression import Expression, Test, fields
from engine.match.fieldtests import lasting
from engine.match.pattern import RegexTimeoutError
from engine.rule import Rule

ROUTES_KEPT = 4096
"""Distinct combinations of routing values whose candidate rules are remembered."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched an event, by which binding, and the tests that made it so."""

    rule: Rule
    event: Event
    binding: str
    evidence: tuple[Test, ...]


class Group(Protocol):
    """The bodies of rules that share a route, ready to be asked of an event."""

    def candidates(self, event: Event) -> Iterator[tuple[int, Callable[[], bool]]]:
        """Places of the bodies that may hold, each with what decides it."""
        ...


class ReferenceGroup:
    """Every body is asked, by the reference evaluator."""

    def __init__(self, bodies: Sequence[Expression]) -> None:
        self._bodies = bodies

    def candidates(self, event: Event) -> Iterator[tuple[int, Callable[[], bool]]]:
        """All of them."""
        for place, body in enumerate(self._bodies):
            yield place, partial(reference.holds, body, event)


@dataclass(frozen=True, slots=True)
class _Member:
    """A rule in a group: its place among all rules, and the binding that put it there."""

    place: int
    rule: Rule
    binding: Binding


class Detector:
    """Matches events against rules; the same events and rules always give the same matches.

    Rules are grouped by the route of their bindings, and what an event's routing values (such
    as channel and event id) lead to is remembered, so that an event meets only the rules of its
    own log sources. `group` makes the evaluator of a group: the fast one, or the reference.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        report: Report,
        group: Callable[[Sequence[Expression]], Group] = Ruleset,
    ) -> None:
        self.rules = tuple(rules)
        self._report = report
        members: dict[Expression, list[_Member]] = {}
        for place, rule in enumerate(self.rules):
            for binding in rule.bindings:
                members.setdefault(binding.route, []).append(_Member(place, rule, binding))
        self._groups = {
            route: (found, group([member.binding.body for member in found]))
            for route, found in members.items()
        }
        self._routing = tuple(sorted({name for route in members for name in fields(route)}))
        self._routed: dict[tuple[object, ...], list[tuple[list[_Member], Group]]] = {}

    def match(self, event: Event) -> list[Match]:
        """The rules that match, in the order they were loaded, each once."""
        matched: dict[int, Match] = {}
        for members, group in self._groups_of(event):
            for place, holds in group.candidates(event):
                member = members[place]
                if member.place not in matched and self._ask(member.rule, holds):
                    matched[member.place] = _match(member, event)
        return [matched[place] for place in sorted(matched)]

    def _groups_of(self, event: Event) -> list[tuple[list[_Member], Group]]:
        key = tuple(lasting(event.values(name)) for name in self._routing)
        known = self._routed.get(key)
        if known is not None:
            return known
        found = [group for route, group in self._groups.items() if reference.holds(route, event)]
        if None not in key:
            if len(self._routed) >= ROUTES_KEPT:
                self._routed.clear()
            self._routed[key] = found
        return found

    def _ask(self, rule: Rule, holds: Callable[[], bool]) -> bool:
        try:
            return holds()
        except RegexTimeoutError as error:
            # the rule did not get its answer for this event, which must not pass unseen
            self._report(Problem("rule-timeout", f"{rule.title}: {error}", file=rule.file))
            return False


def _match(member: _Member, event: Event) -> Match:
    evidence = tuple(dict.fromkeys(reference.evidence(member.binding.body, event)))
    return Match(member.rule, event, member.binding.name, evidence)
