"""The detector: which of the loaded rules match an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from engine.binding import Binding
from engine.errors import Problem, Report
from engine.event import Event
from engine.kinds import LogSource
from engine.lazy import lazy
from engine.match import reference
from engine.match.allowance import allowance
from engine.match.alone import Alone
from engine.match.answers import Found
from engine.match.body import Body
from engine.match.evaluate import Ruleset
from engine.match.expression import Expression, Test, fields
from engine.match.fieldtests import characters, lasting
from engine.match.judge import Asking
from engine.match.lines import Lines
from engine.match.memory import Budget, Memory
from engine.match.native import NATIVE
from engine.match.numbers import Numbers
from engine.match.pattern import RegexTimeoutError
from engine.match.screen import Screen
from engine.match.specialise import needed_numbers
from engine.normalise import normalise
from engine.ports import Document, Record
from engine.pushed import Pushed
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


MakeGroup = Callable[[Sequence[Asking]], Group]


class ReferenceGroup:
    """Every body is asked, by the reference evaluator."""

    def __init__(self, rules: Sequence[Asking]) -> None:
        self._rules = rules

    def candidates(self, event: Event) -> Iterator[tuple[int, Callable[[], bool]]]:
        """All of them."""
        for place, rule in enumerate(self._rules):
            yield place, partial(reference.holds, rule.expression, event)


class _Member:
    """A rule in a group: its place among all rules, and the binding that put it there."""

    def __init__(
        self, place: int, rule: Rule, binding: Binding, numbers: Numbers, budget: Budget
    ) -> None:
        self.place, self.rule, self.binding = place, rule, binding
        self.expression = binding.body
        self._numbers, self._budget = numbers, budget

    @lazy
    def body(self) -> Body:
        """The binding's body, made ready when an event of its log source comes."""
        return Body(self.expression, self._numbers)

    @lazy
    def alone(self) -> Alone | None:
        """The same by itself, for events that it may match; None where it is not exact."""
        exact = self.body.exact
        return Alone(self.expression, self.body, self._numbers, self._budget) if exact else None

    def holds(self, event: Event) -> bool:
        """Whether the body holds."""
        return self.alone.holds(event) if self.alone else reference.holds(self.expression, event)

    def evidence(self, event: Event) -> tuple[Test, ...]:
        """Why it holds."""
        return self.alone.evidence(event) if self.alone else _evidence(self.expression, event)

    @lazy
    def reads(self) -> frozenset[str]:
        """The fields that the binding's body reads."""
        body = self.body
        if not body.exact:
            return fields(self.expression)
        # all that it asks, and no keyword
        return body.fields if None not in body.fields else body.fields - {None}  # type: ignore[return-value]

    @lazy
    def event_ids(self) -> frozenset[float] | None:
        """Event ids of which an event must have one for the body to hold; None when not known."""
        return needed_numbers(self.expression, "EventID")


Candidates = tuple[_Member, ...]
"""Rules that may match an event, each with the binding by which it may."""


BY_QUERY = "query"
"""The binding of a match that a cluster found and that the rule itself does not make."""

PATIENCE = 3
"""Events that rules are asked about one by one before they are made ready together: of most log
sources there are no more."""


class _Group:
    """Rules that share a route."""

    def __init__(self, members: list[_Member], make: MakeGroup, patience: int) -> None:
        self.members = members
        self._make = make
        self._patience = patience

    @lazy
    def _ready(self) -> Group:
        return self._make(self.members)

    def candidates(self, event: Event) -> Iterator[tuple[int, Callable[[], bool]]]:
        """Places of the members that may match, each with what decides it."""
        if self._patience:
            self._patience -= 1
            return ReferenceGroup(self.members).candidates(event)
        return self._ready.candidates(event)


class Detector:
    """Matches events against rules; the same events and rules always give the same matches.

    Rules are grouped by the route of their bindings, and what an event's routing values (such
    as channel and event id) lead to is remembered, so that an event meets only the rules of its
    own log sources. `group` makes another evaluator of groups than the fast one: the reference.
    `patience` is for tests, which do not have it. `native` says to read lines by the native reader.
    """

    native = NATIVE

    def __init__(
        self,
        rules: Sequence[Rule],
        report: Report,
        group: MakeGroup | None = None,
        *,
        patience: int = PATIENCE,
    ) -> None:
        self.rules = tuple(rules)
        self.budget = Budget()
        self._evidence = Memory[tuple[Test, ...]](self.budget)
        self._report = report
        self._fast = group is None
        self._patience = patience
        self._numbers = Numbers()
        make = group or self._ruleset
        members: dict[Expression, list[_Member]] = {}
        for place, rule in enumerate(self.rules):
            for binding in rule.bindings:
                members.setdefault(binding.route, []).append(
                    _Member(place, rule, binding, self._numbers, self.budget)
                )
        self._groups = {route: _Group(found, make, patience) for route, found in members.items()}
        self._routing = tuple(sorted({name for route in members for name in fields(route)}))
        self._routed: dict[tuple[object, ...], list[_Group]] = {}
        self._screens: dict[LogSource | None, Screen] = {}
        self._lines: dict[LogSource | None, Lines[_Member]] = {}
        self._known: Callable[[bytes], Candidates | None] | None = None
        """What the lines without tags know at once, where they do."""

    def _ruleset(self, rules: Sequence[Asking]) -> Group:
        return Ruleset([rule.body for rule in rules], self._numbers, self.budget)

    def match(self, event: Event) -> list[Match]:
        """The rules that match, in the order they were loaded, each once."""
        matched: dict[int, Match] = {}
        for group in self._groups_of(event):
            for place, holds in group.candidates(event):
                member = group.members[place]
                if member.place not in matched and self._ask(member.rule, holds):
                    matched[member.place] = self._match(member, event)
        return [matched[place] for place in sorted(matched)]

    def candidates(self, line: bytes, tags: LogSource | None = None) -> Candidates | None:
        """The rules that may match the one event in a line of JSON; None when it cannot be told.

        An answer is certain, and that the line is whole JSON, too. `tags` as for `normalise`.
        """
        # nearly all lines end here, and each step of Python's takes as long as reading a short one
        if tags is None and self._known is not None and (found := self._known(line)) is not None:
            return found
        lines = self._lines.get(tags)
        if lines is None:
            if not self._fast:
                return None
            route = partial(self._members_of, tags)
            lines = Lines(self._routing, route, self._numbers, self.budget, native=self.native)
            self._lines[tags] = lines
            if tags is None:
                self._known = lines.known
            return lines.candidates(line)
        return lines.candidates(line) if tags is not None else lines.anew(line)

    def match_candidates(self, candidates: Candidates | Pushed, event: Event) -> list[Match]:
        """As `match`, when only some rules may match the event, or a cluster has decided."""
        if isinstance(candidates, Pushed):
            return self._found(candidates, event)
        matched: dict[int, Match] = {}
        for member in candidates:
            if member.place in matched:
                continue
            holds = partial(member.holds, event)
            # all but keywords, what is exact was decided by the values in the line
            decided = member.body.exact and not member.body.keywords
            if decided or self._ask(member.rule, holds):
                told = candidates if decided and isinstance(candidates, Found) else None
                matched[member.place] = self._match(member, event, told)
        return [matched[place] for place in sorted(matched)]

    def _found(self, pushed: Pushed, event: Event) -> list[Match]:
        """The rules that a cluster found an event by, in the order they were loaded.

        One that matches here too has its evidence; of another nothing more is known.
        """
        matched = {match.rule.id: match for match in self.match(event)}
        return [
            matched.get(rule.id) or Match(rule, event, BY_QUERY, ())
            for rule in self.rules
            if rule.id in pushed
        ]

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
            members = partial(self._members_of, tags)
            screen = self._screens[tags] = Screen(
                self._routing, members, self._numbers, self.budget, self._patience
            )
        return screen.passes(document, raw)

    def misses(self) -> int:
        """How often the answer for a line's values was not remembered."""
        return sum(lines.misses for lines in self._lines.values())

    def _members_of(self, tags: LogSource | None, document: Document) -> list[_Member]:
        event = normalise(Record(document, ""), tags)
        return [member for group in self._groups_of(event) for member in group.members]

    def _groups_of(self, event: Event) -> list[_Group]:
        key = tuple(lasting(event.values(name)) for name in self._routing)
        known = self._routed.get(key)
        if known is not None:
            return known
        found = self._routed_to(event)
        if None not in key:
            if len(self._routed) >= ROUTES_KEPT:
                self._routed.clear()
            self._routed[key] = found
        return found

    def _routed_to(self, event: Event) -> list[_Group]:
        if not self._fast:
            return [group for route, group in self._groups.items() if reference.holds(route, event)]
        groups = list(self._groups.values())
        return [groups[place] for place, holds in self._routes.candidates(event) if holds()]

    @lazy
    def _routes(self) -> Ruleset:
        """What leads to each of the groups."""
        bodies = [Body(route, self._numbers) for route in self._groups]
        return Ruleset(bodies, self._numbers, self.budget)

    def _ask(self, rule: Rule, holds: Callable[[], bool]) -> bool:
        try:
            if rule.linear:
                return holds()
            with allowance():
                return holds()
        except RegexTimeoutError as error:
            # the rule did not get its answer for this event, which must not pass unseen
            self._report(Problem("rule-timeout", f"{rule.title}: {error}", file=rule.file))
            return False

    def _match(self, member: _Member, event: Event, found: Found | None = None) -> Match:
        if not member.rule.output:  # no alert will ask for it
            return Match(member.rule, event, member.binding.name, ())
        if not (self._fast and member.body.exact) or member.body.keywords:
            why = member.evidence if self._fast else partial(_evidence, member.expression)
            return Match(member.rule, event, member.binding.name, why(event))
        known: tuple[Test, ...] | None
        if found is not None and member.reads.isdisjoint(found.filled):
            known = found.why.get(member)
            if known is None:
                assert member.alone is not None
                known = found.why[member] = member.alone.evidence_of(found.held)
                self.budget.spend(0)
            return Match(member.rule, event, member.binding.name, known)
        # which tests hold hangs on the values that the rule reads alone, and these come again
        values = [event.values(name) for name in member.reads]
        key = (member, *map(lasting, values))
        known = self._evidence.answers.get(key)
        if known is None:
            known = member.evidence(event)
            if None not in key:
                self._evidence.keep(key, known, sum(map(characters, values)))
        return Match(member.rule, event, member.binding.name, known)


def _evidence(expression: Expression, event: Event) -> tuple[Test, ...]:
    with allowance():
        return tuple(dict.fromkeys(reference.evidence(expression, event)))
