"""The native finder of texts, where it was built."""

from collections.abc import Callable
from typing import Any

class Finder:
    """Looks for many pieces of plain text in one text, and says what tests the text passes.

    `rows` has the numbers of the tests that a text passes that has a piece anywhere, at its
    beginning and at its end, and whether more must be asked then; `exact` those by whole texts;
    `any` those of all. Texts of as many bytes as `by_lines` says are looked at line by line, and
    what was found in a line is remembered. Raises ValueError where too many pieces are alike.
    """

    def __new__(
        cls,
        literals: tuple[bytes, ...],
        rows: tuple[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], object], ...],
        exact: dict[bytes, tuple[int, ...]],
        any: tuple[int, ...],
        by_lines: int = 1024,
    ) -> Finder: ...
    def raw(self, raw: bytes, /) -> frozenset[int] | tuple[frozenset[int], list[int]] | None: ...
    def folded(self, text: bytes, /) -> tuple[frozenset[int], list[int]] | None: ...

class Purse:
    """Counts what is remembered: `spend` pays for an entry, and says whether that is too much."""

    characters: int
    spent: int
    def __new__(cls, characters: int, entry: int) -> Purse: ...
    def spend(self, characters: int, /) -> bool: ...

class Values:
    """What holds of the values of one field, as they stand in JSON, told and remembered at once.

    `tests` is called for the first value, and gives a finder and what holds by the number that a
    text is, where these two, and for what the finder asks more of `more`, tell all of a plain
    text; else None. What holds goes into `held`, one of those that are equal, which `same` has,
    and is paid for from `purse`, `forget` being called when that is empty; not of values longer
    (bytes) than `longest`. `other` is asked for
    all else, and remembers it itself. None of these may lead back to it.
    """

    def __new__(
        cls,
        tests: Callable[[], tuple[Finder, dict[float, tuple[int, ...]]] | None],
        held: dict[Any, Any],
        same: dict[Any, Any],
        purse: Purse,
        forget: Callable[[], None],
        more: Callable[[bytes, frozenset[int], list[int]], frozenset[int]],
        other: Callable[[bytes | None], frozenset[int] | None],
        longest: int,
    ) -> Values: ...
    def held_raw(self, raw: bytes | None, /) -> frozenset[int] | None: ...
