"""A rule's condition made ready: its tests numbered, and what decides it from those that hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

from engine.event import Event
from engine.match import reference
from engine.match.expression import And, Expression, Not, Or, Test, tests
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


class Numbers:
    """One number for equal tests, whichever rules ask them."""

    def __init__(self) -> None:
        self._numbers: dict[Test, int] = {}

    def of(self, test: Test) -> int:
        """The test's number."""
        return self._numbers.setdefault(test, len(self._numbers))


class Body:
    """A condition, ready to be decided.

    `asked` are the tests whose answers are remembered, and `covers` have some of them, the rarest
    first. `exact` says that the answers to `asked` decide it, `keywords` that it has some.
    """

    def __init__(self, expression: Expression, numbers: Numbers) -> None:
        found = list(tests(expression))
        kept = [test for test in found if remembered(test)]
        self.asked = [(numbers.of(test), test) for test in kept]
        self.covers = sorted(_covers(expression, numbers), key=lambda cover: cover.weight)
        self.exact = len(kept) == len(found)
        self.keywords = any(test.field is None for test in found)
        self._expression, self._numbers = expression, numbers

    @cached_property
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


def _covers(expression: Expression, numbers: Numbers) -> list[Cover]:
    """Each of the choices."""
    match expression:
        case And(items):
            return [cover for item in items for cover in _covers(item, numbers)]
        case Or(items):
            best = [_best(item, numbers) for item in items]
            joined = _joined([cover for cover in best if cover])
            return [joined] if best and None not in best else []
        case Not():
            return []
        case Test():
            cover = _best(expression, numbers)
            return [cover] if cover else []


def _best(expression: Expression, numbers: Numbers) -> Cover | None:
    """The rarest of the choices."""
    if type(expression) is Test:
        if not remembered(expression):
            return None
        number = numbers.of(expression)
        return Cover(_commonness(expression), frozenset((number,)), frozenset((expression.field,)))
    return min(_covers(expression, numbers), key=lambda cover: cover.weight, default=None)


def _joined(covers: Sequence[Cover]) -> Cover:
    """One cover of conditions of which any may hold."""
    return Cover(
        sum(cover.weight for cover in covers),
        frozenset().union(*(cover.numbers for cover in covers)),
        frozenset().union(*(cover.fields for cover in covers)),
    )


def _commonness(test: Test) -> float:
    """A guess at how often a test holds, to consider rules by their rarest ones."""
    predicate = test.predicate
    if isinstance(predicate, Text):
        longest = len(predicate.pattern.longest)
        return 1.0 + 20.0 / (1 + longest) if longest else 1000.0
    return 1000.0 if isinstance(predicate, Exists) else 5.0
