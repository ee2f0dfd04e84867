"""A rule's condition made ready: its tests numbered, and what decides it from those that hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from engine.event import Event
from engine.lazy import lazy
from engine.match import reference
from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.pattern import Pattern
from engine.match.predicates import Exists, Matches, Text

Held = frozenset[int]
"""The numbers of tests that hold."""

Check = Callable[[Held, Event | None], bool]
"""Whether a condition holds, given the numbers of the tests that hold and the event.

Without an event, tests whose answers are not remembered are taken to hold.
"""


class Cover(NamedTuple):
    """Tests of which at least one holds whenever a condition does.

    `weight` guesses how often one holds; `fields` are theirs (None stands for keywords).
    """

    weight: float
    numbers: frozenset[int]
    fields: frozenset[str | None]


MUCH = 30.0
"""How much oftener a cover may hold than the rarest one, to save looking at a field."""

NOTHING_COVERS = Cover(inf, frozenset(), frozenset())


class Numbers:
    """One number for equal tests, whichever rules ask them.

    `ready` has what was made ready for some tests, by their numbers. They are the same for many
    kinds of events. It is weak: what only a kind needed that was given up goes with it.
    """

    def __init__(self) -> None:
        # nearly all are texts, and what they are made of is quicker to look up than they are
        self._texts: dict[str | None, dict[tuple[str, ...], int]] = {}
        self._others: dict[Test, int] = {}
        self.weights: list[float] = []
        """A guess at how often each holds; infinite when its answer is not remembered."""
        self.ready: WeakValueDictionary[Held, Any] = WeakValueDictionary()

    def of(self, test: Test) -> int:
        """The test's number."""
        predicate = test.predicate
        if type(predicate) is Text and not predicate.pattern.cased:
            return self._of_text(test.field, predicate.pattern)
        number = self._others.get(test)
        if number is None:
            weight = _commonness(test) if remembered(test) else inf
            number = self._others[test] = self._new(weight)
        return number

    def _of_text(self, field: str | None, pattern: Pattern) -> int:
        texts = self._texts.get(field)
        if texts is None:
            texts = self._texts[field] = {}
        number = texts.get(pattern.segments)
        if number is None:
            number = texts[pattern.segments] = self._new(_commonness_of_text(pattern))
        return number

    def _new(self, weight: float) -> int:
        self.weights.append(weight)
        return len(self.weights) - 1


class Body:
    """A condition, ready to be decided.

    `asked` are the tests whose answers are remembered, and `covers` have some of them, the rarest
    first, and not those that hold much oftener than that. `exact` says that the answers to `asked`
    decide it, `keywords` that it has some; `fields` are those that `asked` reads (None stands for
    keywords).
    """

    def __init__(self, expression: Expression, numbers: Numbers) -> None:
        self.asked: dict[int, Test] = {}
        self.exact, self.keywords = True, False
        self._expression, self._numbers = expression, numbers
        covers = sorted(self._covers(expression), key=_weight)
        self.covers = [cover for cover in covers if cover.weight <= MUCH * covers[0].weight]
        self.fields = frozenset([test.field for test in self.asked.values()])

    def _covers(self, expression: Expression) -> list[Cover]:
        """Each cover that there is; its tests are noted on the way."""
        kind = type(expression)  # quicker than to match it, and there are very many
        if kind is And:
            found: list[Cover] = []
            for item in expression.items:  # type: ignore[union-attr]
                found += self._joined((item,)) if type(item) is Test else self._covers(item)
            return found
        if kind is Or:
            return self._joined(expression.items)  # type: ignore[union-attr]
        if kind is Not:
            self._covers(expression.item)  # type: ignore[union-attr]
            return []
        return self._joined((expression,))

    def _joined(self, items: Iterable[Expression]) -> list[Cover]:
        """One cover of conditions of which any may hold, of the rarest of each; or none."""
        total = 0.0
        numbers: list[int] = []
        fields: set[str | None] = set()
        number_of, weights, asked = self._numbers.of, self._numbers.weights, self.asked
        for item in items:
            if type(item) is Test:
                number = number_of(item)
                weight = weights[number]
                if weight == inf:
                    self.exact = False
                else:
                    asked[number] = item
                    numbers.append(number)
                fields.add(item.field)
            else:
                best = min(self._covers(item), key=_weight, default=NOTHING_COVERS)
                weight = best.weight
                numbers += best.numbers
                fields |= best.fields
            total += weight
        if None in fields:
            self.keywords = True
        covered = numbers and total < inf
        return [Cover(total, frozenset(numbers), frozenset(fields))] if covered else []

    @lazy
    def check(self) -> Check:
        """What decides it; made when it is first considered, which most never are."""
        return _compile(self._expression, self._numbers)


def remembered(test: Test) -> bool:
    """Whether a test's answer depends on its own field's values alone, and always comes."""
    predicate = test.predicate
    # by its exact type, for an abstract base class is slow to ask
    return predicate.regex.linear if type(predicate) is Matches else not predicate.other_fields()


def _compile(expression: Expression, numbers: Numbers) -> Check:
    match expression:
        case And(items):
            return _compile_and(items, numbers)
        case Or(items):
            return _compile_or(items, numbers)
        case Not(item):
            inner = _compile(item, numbers)
            return lambda held, event: not inner(held, event)
        case Test():
            if not remembered(expression):
                return lambda _, event: event is None or reference.holds(expression, event)
            number = numbers.of(expression)
            return lambda held, _: number in held


def _compile_and(items: Sequence[Expression], numbers: Numbers) -> Check:
    """Tests that must all hold are one comparison of sets; the rest is asked after them."""
    needed, rest = _split(items, numbers)
    checks = [_compile(item, numbers) for item in rest]
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


def _compile_or(items: Sequence[Expression], numbers: Numbers) -> Check:
    """Tests of which any may hold are one comparison of sets; the rest is asked after them."""
    wanted, rest = _split(items, numbers)
    checks = [_compile(item, numbers) for item in rest]
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


def _split(items: Sequence[Expression], numbers: Numbers) -> tuple[Held, list[Expression]]:
    found: list[int] = []
    rest: list[Expression] = []
    for item in items:
        if type(item) is Test and remembered(item):
            found.append(numbers.of(item))
        else:
            rest.append(item)
    return frozenset(found), rest


def _weight(cover: Cover) -> float:
    return cover.weight


def _commonness(test: Test) -> float:
    """A guess at how often a test holds, to consider rules by their rarest ones."""
    predicate = test.predicate
    if isinstance(predicate, Text):
        return _commonness_of_text(predicate.pattern)
    return 1000.0 if isinstance(predicate, Exists) else 5.0


def _commonness_of_text(pattern: Pattern) -> float:
    longest = len(pattern.longest)
    return 1.0 + 20.0 / (1 + longest) if longest else 1000.0
