"""A rule's condition made ready: its tests numbered, and what decides it from those that hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.event import Event
from engine.lazy import lazy
from engine.match import reference
from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.numbers import Numbers, remembered
from engine.match.predicates import Text

Held = frozenset[int]
"""The numbers of tests that hold."""

Check = Callable[[Held, Event | None], bool]
"""Whether a condition holds, given the numbers of the tests that hold and the event.

Without an event, tests whose answers are not remembered are taken to hold.
"""


class Body:
    """A condition, ready to be decided.

    `asked` are the tests whose answers are remembered, and `covers` have some of them, the rarest
    first, and not those that hold much oftener than that. `exact` says that the answers to `asked`
    decide it, `keywords` that it has some; `fields` are those that `asked` reads (None stands for
    keywords).
    """

    def __init__(self, expression: Expression, numbers: Numbers) -> None:
        self._expression, self._numbers = expression, numbers
        read = numbers.read(expression)
        self.asked, self.covers, self.fields, self.exact, self.keywords = read

    @lazy
    def check(self) -> Check:
        """What decides it; made when it is first considered, which most never are."""
        return _compile(self._expression, self._numbers)


def _compile(expression: Expression, numbers: Numbers) -> Check:
    kind = type(expression)  # quicker than to match it
    if kind is And:
        return _compile_and(expression.items, numbers)  # type: ignore[union-attr]
    if kind is Or:
        return _compile_or(expression.items, numbers)  # type: ignore[union-attr]
    if kind is Not:
        inner = _compile(expression.item, numbers)  # type: ignore[union-attr]
        return lambda held, event: not inner(held, event)
    assert isinstance(expression, Test)
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
    number_of = numbers.of
    for item in items:
        # a text's answer is remembered; nearly all tests are texts, and to ask takes as long again
        if type(item) is Test and (type(item.predicate) is Text or remembered(item)):
            found.append(number_of(item))
        else:
            rest.append(item)
    return frozenset(found), rest
