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


NOTHING_COVERS = Cover(inf, frozenset(), frozenset())


class Leaf(NamedTuple):
    """A test, numbered; its weight is infinite when its answer is not remembered."""

    number: int
    weight: float


class Numbers:
    """One number for equal tests, whichever rules ask them.

    `ready` has what was made ready for some tests, by their numbers. They are the same for many
    kinds of events. It is weak: what only a kind needed that was given up goes with it.
    """

    def __init__(self) -> None:
        self._leaves: dict[object, Leaf] = {}
        self.ready: WeakValueDictionary[Held, Any] = WeakValueDictionary()

    def leaf(self, test: Test) -> Leaf:
        """The test with its number."""
        predicate = test.predicate
        # nearly all are texts, and what they are made of is quicker to look up than they are
        text = type(predicate) is Text and not predicate.pattern.cased
        key = (test.field, predicate.pattern.segments) if text else test  # type: ignore[attr-defined]
        leaf = self._leaves.get(key)
        if leaf is None:
            weight = _commonness(test) if text or remembered(test) else inf
            leaf = self._leaves[key] = Leaf(len(self._leaves), weight)
        return leaf

    def of(self, test: Test) -> int:
        """The test's number."""
        return self.leaf(test).number


class Body:
    """A condition, ready to be decided.

    `asked` are the tests whose answers are remembered, and `covers` have some of them, the rarest
    first. `exact` says that the answers to `asked` decide it, `keywords` that it has some; `fields`
    are those that `asked` reads (None stands for keywords).
    """

    def __init__(self, expression: Expression, numbers: Numbers) -> None:
        self.asked: dict[int, Test] = {}
        self.exact, self.keywords = True, False
        self._expression, self._numbers = expression, numbers
        self.covers = sorted(self._covers(expression), key=_weight)
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
        leaf_of, asked = self._numbers.leaf, self.asked
        for item in items:
            if type(item) is Test:
                number, weight = leaf_of(item)
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
        longest = len(predicate.pattern.longest)
        return 1.0 + 20.0 / (1 + longest) if longest else 1000.0
    return 1000.0 if isinstance(predicate, Exists) else 5.0
