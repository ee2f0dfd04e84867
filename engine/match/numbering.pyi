"""The native numbering of tests, where it was built."""

from collections.abc import Callable

from engine.match.expression import Expression, Test
from engine.match.numbers import Read, Rows

class Numbering:
    """As `engine.match.numbers.Plain`, and `rows`: the tests of one field by how they are asked.

    `types` are those of conditions, tests and texts; `describe` says what there is to know of a
    test that is no text without regard to case; covers that are more than `much` times as heavy as
    the lightest are left out.
    """

    def __new__(
        cls,
        types: tuple[type, type, type, type, type],
        describe: Callable[[Test], tuple[float, str | None, bool]],
        much: float,
        /,
    ) -> Numbering: ...
    def of(self, test: Test, /) -> int: ...
    def read(self, expression: Expression, /) -> Read: ...
    def by_field(self, several: list[dict[int, Test]], /) -> dict[str | None, dict[int, Test]]: ...
    def rows(self, tests: dict[int, Test], /) -> Rows: ...
