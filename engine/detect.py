"""The detector: which of the loaded rules match an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

from engine.errors import Problem, Report
from engine.event import Event
from engine.kinds import LogSource
from engine.logsource import Binding
from engine.match import reference
from engine.match.evaluate import Ruleset
from engine.match.expression import Expression, Test, fields
from engine.match.fieldtests import lasting
from engine.match.memory import Budget
from engine.match.pattern import RegexTimeoutError
from engine.match.screen import Screen
from engine.normalise import normalise
from engine.ports import Document, Record
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


MakeGroup = Callable[[Sequence[Expression]], Group]


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


class _Group:
    """Rules that share a route; made ready when the first event of their log source comes."""

    def __init__(self, members: list[_Member], make: MakeGroup) -> None:
        self.members = members
        self._make = make

    @cached_property
    def ready(self) -> Group:
        """The members' bodies, ready to be asked."""
        return self._make([member.binding.body for member in self.members])


class Detector:
    """Matches events against rules; the same events and rules always give the same matches.

    Rules are grouped by the route of their bindings, and what an event's routing values (such
    as channel and event id) lead to is remembered, so that an event meets only the rules of its
    own log sources. `group` makes another evaluator of groups than the fast one: the reference.
    """

    def __init__(
        self, rules: Sequence[Rule], report: Report, group: MakeGroup | None = None
    ) -> None:
        self.rules = tuple(rules)
        self.budget = Budget()
        self._report = report
        self._fast = group is None
        make = group or (lambda bodies: Ruleset(bodies, self.budget))
        members: dict[Expression, list[_Member]] = {}
        for place, rule in enumerate(self.rules):
            for binding in rule.bindings:
                members.setdefault(binding.route, []).append(_Member(place, rule, binding))
        self._groups = {route: _Group(found, make) for route, found in members.items()}
        self._routing = tuple(sorted({name for route in members for name in fields(route)}))
        self._routed: dict[tuple[object, ...], list[_Group]] = {}
        self._screens: dict[LogSource | None, Screen] = {}

    def match(self, event: Event) -> list[Match]:
        """The rules that match, in the order they were loaded, each once."""
        matched: dict[int, Match] = {}
        for group in self._groups_of(event):
            for place, holds in group.ready.candidates(event):
                member = group.members[place]
                if member.place not in matched and self._ask(member.rule, holds):
                    matched[member.place] = _match(member, event)
        return [matched[place] for place in sorted(matched)]

    def may_match(
        self, document: Document, raw: bytes | None = None, tags: LogSource | None = None
    ) -> bool:
        """Whether any rule may match a document that was not normalised; False is certain.

        `raw` is the JSON text it was read from, where there is one; `tags` as for `normalise`.
        """
        if not self._fast:
            return True
        screen = self._screens.get(tags)
        if screen is None:
            screen = self._screens[tags] = Screen(
                self._routing, partial(self._rulesets_of, tags), self.budget
            )
        return screen.passes(document, raw)

    def counts(self) -> tuple[int, int]:
        """How often the screen knew a tuple of values, and how often it had to look."""
        plans = [plan for screen in self._screens.values() for plan in screen.plans()]
        return sum(plan.hits for plan in plans), sum(plan.misses for plan in plans)

    def _rulesets_of(self, tags: LogSource | None, document: Document) -> list[Ruleset]:
        event = normalise(Record(document, ""), tags)
        ready = (group.ready for group in self._groups_of(event))
        return [group for group in ready if isinstance(group, Ruleset)]

    def _groups_of(self, event: Event) -> list[_Group]:
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
    if not member.rule.output:  # no alert will ask for it
        return Match(member.rule, event, member.binding.name, ())
    evidence = tuple(dict.fromkeys(reference.evidence(member.binding.body, event)))
    return Match(member.rule, event, member.binding.name, evidence)
