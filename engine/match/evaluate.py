"""The fast evaluator: each distinct value of a field is looked at once.

Log values repeat. For every field the tests of a group of rules ask of it are run together on a
value, and which of them held, mostly none, is remembered. A rule is then considered only when
one of the tests that it cannot do without has held, so that cost follows hits and not rules.

`engine.match.reference` says what is right; this must agree with it on every event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from engine.event import Event
from engine.match import reference
from engine.match.expression import And, Expression, Not, Or, Test, tests
from engine.match.fieldtests import FieldTests, Held
from engine.match.memory import Budget
from engine.match.pattern import fold
from engine.match.predicates import Exists, Matches, Text, as_text

Check = Callable[[Held, Event | None], bool]
_Cover = tuple[float, frozenset[int]]


class Ruleset:
    """Expressions that are evaluated together on events of the same log sources."""

    def __init__(self, expressions: Sequence[Expression], budget: Budget | None = None) -> None:
        budget = budget or Budget()
        self._numbers: dict[Test, int] = {}
        self._used = Counter(test for body in expressions for test in set(tests(body)))
        self._checks: list[Check] = [self._compile(expression) for expression in expressions]
        self._whole = [_reads_more(expression) for expression in expressions]
        self._considered: dict[int, list[int]] = {}
        self._always: list[int] = []
        for place, expression in enumerate(expressions):
            cover = self._cover(expression)
            if cover is None:
                self._always.append(place)
            else:
                for number in cover[1]:
                    self._considered.setdefault(number, []).append(place)
        self.keywords = _keywords(self._numbers)
        self.fields = _by_field(self._numbers, budget)
        needed = {test: n for test, n in self._numbers.items() if n in self._considered}
        self.covers = _by_field(needed, budget)
        """Only the tests that a rule cannot do without, fewer by far than all."""

    def candidates(self, event: Event) -> Iterator[tuple[int, Callable[[], bool]]]:
        """Places of the expressions that may hold, each with what decides it."""
        first: set[int] = set()
        for field in self.covers:
            first |= field.held(event.values(field.field))
        found = self.keywords.held(event) if self.keywords else frozenset()
        places = self.places(first | found)
        if not places:
            return
        held = found.union(*(field.held(event.values(field.field)) for field in self.fields))
        for place in places:
            check = self._checks[place]
            yield place, lambda check=check: check(held, event)  # type: ignore[misc]

    def may_hold(self, places: Iterable[int], held: Held) -> bool:
        """Whether any of the expressions may hold, given what held on all fields.

        Keywords apart: what asks for one may hold.
        """
        return any(self._whole[place] or self._checks[place](held, None) for place in places)

    def places(self, held: Iterable[int]) -> list[int]:
        """Places of the expressions that may hold, given what held of `covers`."""
        places = set(self._always)
        for number in held:
            places.update(self._considered.get(number, ()))
        return sorted(places)

    def _compile(self, expression: Expression) -> Check:
        match expression:
            case And(items):
                return self._compile_and(items)
            case Or(items):
                return self._compile_or(items)
            case Not(item):
                inner = self._compile(item)
                return lambda held, event: not inner(held, event)
            case Test():
                if not remembered(expression):
                    return lambda _, event: event is None or reference.holds(expression, event)
                number = self._number(expression)
                return lambda held, _: number in held

    def _compile_and(self, items: Sequence[Expression]) -> Check:
        """Tests that must all hold are one comparison of sets; the rest is asked after them."""
        needed, rest = self._split(items)
        checks = [self._compile(item) for item in rest]
        if not checks:
            return lambda held, _: needed <= held
        if len(checks) == 1:
            check = checks[0]
            return lambda held, event: needed <= held and check(held, event)

        def both(held: Held, event: Event | None) -> bool:
            if not needed <= held:
                return False
            for check in checks:  # noqa: SIM110 # a generator here costs more than its loop
                if not check(held, event):
                    return False
            return True

        return both

    def _compile_or(self, items: Sequence[Expression]) -> Check:
        """Tests of which any may hold are one comparison of sets; the rest is asked after them."""
        wanted, rest = self._split(items)
        checks = [self._compile(item) for item in rest]
        if not checks:
            return lambda held, _: not wanted.isdisjoint(held)

        def either(held: Held, event: Event | None) -> bool:
            if not wanted.isdisjoint(held):
                return True
            for check in checks:  # noqa: SIM110 # a generator here costs more than its loop
                if check(held, event):
                    return True
            return False

        return either

    def _split(self, items: Sequence[Expression]) -> tuple[Held, list[Expression]]:
        plain = [item for item in items if isinstance(item, Test) and remembered(item)]
        numbers = frozenset(self._number(test) for test in plain)
        return numbers, [i for i in items if not (isinstance(i, Test) and remembered(i))]

    def _number(self, test: Test) -> int:
        return self._numbers.setdefault(test, len(self._numbers))

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
                common = _commonness(expression) * self._used[expression]
                return common, frozenset({self._numbers[expression]})


def _by_field(numbers: Mapping[Test, int], budget: Budget) -> tuple[FieldTests, ...]:
    """Tests gathered by the field they ask."""
    asked: dict[str, list[tuple[int, Test]]] = {}
    for test, number in numbers.items():
        if test.field is not None:
            asked.setdefault(test.field, []).append((number, test))
    return tuple(FieldTests(name, tests, budget) for name, tests in asked.items())


def _keywords(numbers: Mapping[Test, int]) -> KeywordTests | None:
    found = [(number, test) for test, number in numbers.items() if test.field is None]
    return KeywordTests(found) if found else None


def remembered(test: Test) -> bool:
    """Whether a test's answer depends on its own field's values alone, and always comes."""
    if tuple(test.predicate.other_fields()):
        return False
    return not isinstance(test.predicate, Matches) or test.predicate.regex.linear


def _reads_more(expression: Expression) -> bool:
    """Whether the expression asks more than what is remembered of single fields."""
    match expression:
        case And(items) | Or(items):
            return any(_reads_more(item) for item in items)
        case Not(item):
            return _reads_more(item)
        case Test():
            return expression.field is None or not remembered(expression)


def _commonness(test: Test) -> float:
    """A guess at how often a test holds, to consider rules by their rarest ones."""
    if isinstance(test.predicate, Exists):
        return 1000.0
    if isinstance(test.predicate, Text):
        return 1.0 + 20.0 / (1 + max(len(s) for s in test.predicate.pattern.segments))
    return 5.0


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

    @property
    def literals(self) -> list[str] | None:
        """Texts (in lower case) of which an event that any test holds on has one, or None."""
        found = [literal for _, literal, _ in self._texts]
        return None if self._others or "" in found else found

    def held(self, event: Event) -> Held:
        """The numbers of the tests that hold on some value.

        A literal of the pattern is first looked for in all values at once, which is quick and
        seldom finds anything.
        """
        everything = fold("\n".join(as_text(value) for value in event.every_value()))
        hits = [(n, test) for n, literal, test in self._texts if literal in everything]
        hits += self._others
        return frozenset(n for n, test in hits if reference.holds(test, event))
