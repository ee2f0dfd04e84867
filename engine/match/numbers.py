"""One number for equal tests, whichever rules ask them, and what conditions hang on by these.

Most of the time in which rules are made ready for a kind of event goes here, so it is done in C
where that was built (`engine/match/numbering.c`). `Plain` is the slow, obvious way to the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.literal import required_literal
from engine.match.native import NATIVE
from engine.match.predicates import Exists, Matches, Text

if TYPE_CHECKING:
    from engine.match.numbering import Numbering

Cover = tuple[float, tuple[int, ...], frozenset[str | None]]
"""Tests of which at least one holds whenever a condition does: a guess at how often one does, their
numbers, and their fields (None stands for keywords)."""

MUCH = 30.0
"""How much oftener a cover may hold than the rarest one, to save looking at a field."""

NOTHING_COVERS: Cover = (inf, (), frozenset())


class Read(NamedTuple):
    """What a condition hangs on.

    `asked` are the tests whose answers are remembered, and `covers` have some of them, the rarest
    first, and not those that hold much oftener than that; `fields` are those of `asked`. `exact`
    says that the answers to `asked` decide it, `keywords` that it has some.
    """

    asked: dict[int, Test]
    covers: list[Cover]
    fields: frozenset[str | None]
    exact: bool
    keywords: bool


class Numbers:
    """Numbers for tests.

    `ready` has what was made ready for some tests, by their numbers. They are the same for many
    kinds of events. It is weak: what only a kind needed that was given up goes with it. `native`
    says to number them in C; it is for tests to switch off.
    """

    native = NATIVE

    def __init__(self) -> None:
        self.core = _numbering() if self.native else Plain()
        self.of = self.core.of
        """A test's number."""
        self.read = self.core.read
        """What a condition hangs on, as `Read` has it."""
        self.by_field = self.core.by_field
        """Tests by their fields, of a list of some by their numbers."""
        self.ready: WeakValueDictionary[frozenset[int], Any] = WeakValueDictionary()


def _numbering() -> Numbering:
    from engine.match.numbering import Numbering

    return Numbering((And, Or, Not, Test, Text), described, MUCH)


class Plain:
    """Numbers by Python alone."""

    def __init__(self) -> None:
        # nearly all are texts, and what they are made of is quicker to look up than they are
        self._texts: dict[tuple[str | None, tuple[str, ...]], int] = {}
        self._others: dict[Test, int] = {}
        self._weights: list[float] = []
        """A guess at how often each holds; infinite when its answer is not remembered."""

    def of(self, test: Test) -> int:
        """The test's number."""
        predicate, known, key = test.predicate, self._others, test
        if type(predicate) is Text and not predicate.pattern.cased:
            known, key = self._texts, (test.field, predicate.pattern.segments)  # type: ignore[assignment]
        number = known.get(key)
        if number is None:
            number = known[key] = len(self._weights)
            self._weights.append(described(test)[0])
        return number

    def read(self, expression: Expression) -> Read:
        """What a condition hangs on."""
        asked: dict[int, Test] = {}
        exact, keywords = [True], [False]

        def covers(expression: Expression) -> list[Cover]:
            """Each cover that there is; its tests are noted on the way."""
            match expression:
                case And(items):
                    return [cover for item in items for cover in covers(item)]
                case Or(items):
                    return joined(items)
                case Not(item):
                    covers(item)
                    return []
            return joined((expression,))

        def joined(items: Iterable[Expression]) -> list[Cover]:
            """One cover of conditions of which any may hold, of the rarest of each; or none."""
            total = 0.0
            numbers: list[int] = []
            named: set[str | None] = set()
            for item in items:
                if isinstance(item, Test):
                    weight = take(item, numbers)
                    named.add(item.field)
                else:
                    weight, some, theirs = min(covers(item), key=_weight, default=NOTHING_COVERS)
                    numbers += some
                    named |= theirs
                total += weight
            found = (total, tuple(numbers), frozenset(named))
            return [found] if numbers and total < inf else []

        def take(test: Test, numbers: list[int]) -> float:
            number = self.of(test)
            weight = self._weights[number]
            if weight == inf:
                exact[0] = False
            else:
                asked[number] = test
                numbers.append(number)
            if test.field is None:
                keywords[0] = True
            return weight

        found = sorted(covers(expression), key=_weight)
        kept = [cover for cover in found if cover[0] <= MUCH * found[0][0]]
        named = frozenset([test.field for test in asked.values()])
        return Read(asked, kept, named, exact[0], keywords[0])

    def by_field(self, several: list[dict[int, Test]]) -> dict[str | None, dict[int, Test]]:
        """Tests by their fields."""
        found: dict[str | None, dict[int, Test]] = {}
        for asked in several:
            for number, test in asked.items():
                found.setdefault(test.field, {})[number] = test
        return found


def remembered(test: Test) -> bool:
    """Whether a test's answer depends on its own field's values alone, and always comes."""
    predicate = test.predicate
    # by its exact type, for an abstract base class is slow to ask
    return predicate.regex.linear if type(predicate) is Matches else not predicate.other_fields()


def described(test: Test) -> tuple[float, str | None, bool]:
    """What there is to know of a test.

    A guess at how often it holds, infinite when its answer is not remembered; the text that is
    looked for before a regular expression is asked (maybe empty), None for other tests; and whether
    it holds of any text.
    """
    if not remembered(test):
        return inf, None, False
    match test.predicate:
        case Matches(regex):
            return 5.0, required_literal(regex.source), False
        case Text(pattern):
            longest = len(pattern.longest)
            return 1.0 + 20.0 / (1 + longest) if longest else 1000.0, None, False
        case Exists(wanted):
            return 1000.0, None, wanted
    return 5.0, None, False


def _weight(cover: Cover) -> float:
    return cover[0]


Row = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""Numbers of the tests that hold where a piece of text stands anywhere, at the beginning, at the
end, and of those that must be asked then."""


class Rows(NamedTuple):
    """Tests of one field by how they are asked.

    `rows` are those of the pieces of text in `literals`; `exact` has numbers by whole texts,
    `anything` those that hold of any text, and `always` those that must be asked of any. `others`
    are no text without regard to case; regular expressions are among all of these.
    """

    literals: tuple[bytes, ...]
    rows: tuple[Row, ...]
    exact: dict[bytes, tuple[int, ...]]
    anything: tuple[int, ...]
    always: tuple[int, ...]
    others: list[tuple[int, Test]]
