"""Tests of texts by the native finder, as the native numbering has sorted them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.lazy import lazy
from engine.match.expression import Test
from engine.match.numbers import Numbers, Plain, Row
from engine.match.pattern import fold
from engine.match.predicates import Matches
from engine.match.texttests import Piece, TextTests, Told, pieces

if TYPE_CHECKING:
    from engine.match.finder import Finder


class RowTexts:
    """As `TextTests` of the same tests, of which nothing is made that the finder can tell."""

    def __init__(
        self,
        tests: Mapping[int, Test],
        finder: Finder,
        rows: Sequence[Row],
        always: Sequence[int],
    ) -> None:
        self._tests, self.finder, self._rows, self._always = tests, finder, rows, always
        self.quick = not always
        self.raw: Callable[[bytes], Told] = finder.raw

    @classmethod
    def of(
        cls, tests: dict[int, Test], numbers: Numbers
    ) -> tuple[RowTexts, list[tuple[int, Test]]] | None:
        """The texts among some tests, and the others; None where that is not done natively."""
        if isinstance(numbers.core, Plain) or not TextTests.native:
            return None
        from engine.match.finder import Finder

        literals, rows, exact, anything, always, others = numbers.core.rows(tests)
        with suppress(ValueError):  # too many are alike: the automaton has no such bound
            finder = Finder(literals, rows, exact, anything)
            return cls(tests, finder, rows, always), others
        return None

    @lazy
    def _whole(self) -> TextTests:
        return TextTests(*pieces(self._tests), self.finder)

    def held(self, text: str) -> list[int]:
        """The numbers of the tests that a text passes, some maybe twice."""
        told = self.finder.folded(text.lower().encode()) if text.isascii() else None
        return self._whole.held(text) if told is None else [*told[0], *self.more(told[1], text)]

    def more(self, suspects: Iterable[int], text: str) -> list[int]:
        """The numbers of the tests, of what must be asked more, that a text passes."""
        numbers = [number for place in suspects for number in self._rows[place][3]]
        folded, tests, found = fold(text), self._tests, []
        for number in (*numbers, *self._always):
            predicate = tests[number].predicate
            asks = predicate.regex if isinstance(predicate, Matches) else predicate.pattern  # type: ignore[attr-defined]
            if Piece(number, "", asks).fits(text, folded):
                found.append(number)
        return found
