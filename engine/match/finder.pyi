"""The native finder of texts, where it was built."""

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
        rows: tuple[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], bool], ...],
        exact: dict[bytes, tuple[int, ...]],
        any: tuple[int, ...],
        by_lines: int = 1024,
    ) -> Finder: ...
    def raw(self, raw: bytes, /) -> frozenset[int] | tuple[frozenset[int], list[int]] | None: ...
    def folded(self, text: bytes, /) -> tuple[frozenset[int], list[int]] | None: ...
