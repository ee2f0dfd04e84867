"""The fast evaluator: each distinct value of a field is looked at once.

Log values repeat. For every field the tests of a group of rules ask of it are run together on a
value, and which of them held, mostly none, is remembered. A rule is then considered only when
one of the tests that it cannot do without has held, so that cost follows hits and not rules.

`engine.match.reference` says what is right; this must agree with it on every event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.match import reference
from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.predicates import Exists, Matches, Scalar, Text, as_text

if TYPE_CHECKING:
    from engine.event import Event

VALUES_KEPT = 20_000
"""Distinct values remembered for each field of a group."""

LONGEST_KEPT = 4096
"""Values longer than this (characters) are looked at anew each time."""

Held = frozenset[int]
Check = Callable[[Held, "Event"], bool]
_Cover = tuple[float, frozenset[int]]


class Ruleset:
    """Expressions that are evaluated together on events of the same log sources."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._numbers: dict[Test, int] = {}
        self._checks: list[Check] = [self._compile(expression) for expression in expressions]
        self._considered: dict[int, list[int]] = {}
        self._always: list[int] = []
        for place, expression in enumerate(expressions):
            cover = self._cover(expression)
            if cover is None:
                self._always.append(place)
            else:
                for number in cover[1]:
                    self._considered.setdefault(number, []).append(place)
        by_field: dict[str | None, list[tuple[int, Test]]] = {}
        for test, number in self._numbers.items():
            by_field.setdefault(test.field, []).append((number, test))
        keywords = by_field.pop(None, [])
        self._fields: list[FieldTests | KeywordTests] = [
            FieldTests(name, tests) for name, tests in by_field.items() if name is not None
        ]
        if keywords:
            self._fields.append(KeywordTests(keywords))

    def candidates(self, event: Event) -> Iterator[tuple[int, Callable[[], bool]]]:
        """Places of the expressions that may hold, each with what decides it."""
        held: Held = frozenset().union(*(field.held(event) for field in self._fields))
        places = set(self._always)
        for number in held:
            places.update(self._considered.get(number, ()))
        for place in sorted(places):
            check = self._checks[place]
            yield place, lambda check=check: check(held, event)  # type: ignore[misc]

    def _compile(self, expression: Expression) -> Check:
        match expression:
            case And(items):
                checks = [self._compile(item) for item in items]
                return lambda held, event: all(check(held, event) for check in checks)
            case Or(items):
                checks = [self._compile(item) for item in items]
                return lambda held, event: any(check(held, event) for check in checks)
            case Not(item):
                inner = self._compile(item)
                return lambda held, event: not inner(held, event)
            case Test():
                if not remembered(expression):
                    return lambda _, event: reference.holds(expression, event)
                number = self._numbers.setdefault(expression, len(self._numbers))
                return lambda held, _: number in held

    def _cover(self, expression: Expression) -> _Cover | None:
        """Tests of which at least one holds whenever the expression does, rarest for choice."""
        match expression:
            case And(items):
                covers = [cover for item in items if (cover := self._cover(item))]
                return min(covers, key=lambda cover: cover[0], default=None)
            case Or(items):
                found = [self._cover(item) for item in items]
                if not found or None in found:
                    return None
                known = [cover for cover in found if cover]
                return sum(c[0] for c in known), frozenset().union(*(c[1] for c in known))
            case Not():
                return None
            case Test():
                if not remembered(expression):
                    return None
                return _commonness(expression), frozenset({self._numbers[expression]})


def remembered(test: Test) -> bool:
    """Whether a test's answer depends on its own field's values alone, and always comes."""
    if tuple(test.predicate.other_fields()):
        return False
    return not isinstance(test.predicate, Matches) or test.predicate.regex.linear


def _commonness(test: Test) -> float:
    """A guess at how often a test holds, to consider rules by their rarest ones."""
    if isinstance(test.predicate, Exists):
        return 1000.0
    if isinstance(test.predicate, Text):
        return 1.0 + 20.0 / (1 + max(len(s) for s in test.predicate.pattern.segments))
    return 5.0


class FieldTests:
    """All tests on one field, and what they said of the values seen."""

    def __init__(self, field: str, tests: Sequence[tuple[int, Test]]) -> None:
        self.field = field
        self._exact: dict[str, list[int]] = {}
        self._texts: list[tuple[int, Callable[[str], bool]]] = []
        self._others: list[tuple[int, Test]] = []
        for number, test in tests:
            predicate = test.predicate
            if not isinstance(predicate, Text) or predicate.pattern.cased:
                self._others.append((number, test))
            elif predicate.pattern.literal is not None:
                self._exact.setdefault(predicate.pattern.literal, []).append(number)
            else:
                self._texts.append((number, predicate.pattern.matches_folded))
        self._known: dict[object, Held] = {}

    def held(self, event: Event) -> Held:
        """The numbers of the tests that hold on the event's values of the field."""
        values = event.values(self.field)
        key = lasting(values)
        if key is None:
            return self._evaluate(values, event)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= VALUES_KEPT:
                self._known.clear()
            known = self._known[key] = self._evaluate(values, event)
        return known

    def _evaluate(self, values: tuple[Scalar, ...], event: Event) -> Held:
        found: set[int] = set()
        for value in values:
            text = as_text(value).lower()
            found.update(self._exact.get(text, ()))
            found.update(number for number, fits in self._texts if fits(text))
        found.update(n for n, test in self._others if test.predicate.holds(values, event))
        return frozenset(found)


class KeywordTests:
    """All tests that search every value of an event."""

    def __init__(self, tests: Sequence[tuple[int, Test]]) -> None:
        self._texts: list[tuple[int, str, Test]] = []
        self._others: list[tuple[int, Test]] = []
        for number, test in tests:
            if isinstance(test.predicate, Text) and not test.predicate.pattern.cased:
                longest = max(test.predicate.pattern.literals, key=len)
                self._texts.append((number, longest, test))
            else:
                self._others.append((number, test))

    def held(self, event: Event) -> Held:
        """The numbers of the tests that hold on some value.

        A literal of the pattern is first looked for in all values at once, which is quick and
        seldom finds anything.
        """
        everything = "\n".join(as_text(value) for value in event.every_value()).lower()
        hits = [(n, test) for n, literal, test in self._texts if literal in everything]
        hits += self._others
        return frozenset(n for n, test in hits if reference.holds(test, event))


def lasting(values: tuple[Scalar, ...]) -> object:
    """What a value is remembered by; None when it is too long to be.

    In Python 1, 1.0 and True are equal, but their texts are not.
    """
    if len(values) == 1 and type(values[0]) is str:
        return values[0] if len(values[0]) <= LONGEST_KEPT else None
    if sum(len(value) for value in values if isinstance(value, str)) > LONGEST_KEPT:
        return None
    return tuple((type(value), value) for value in values)
