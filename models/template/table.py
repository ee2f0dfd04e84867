"""Templates of equal length as rows of numbers, so that a line is compared with all at once.

A leaf of the tree may have thousands of templates, by chance or by malice. Compared one by one,
each line would cost milliseconds.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.template.mask import WILD, Tokens

Ids: TypeAlias = NDArray[np.int64]

_ANY = -1
_WILD_IN_LINE = -2
_UNSEEN = -3


class Numbers(dict[str, int]):
    """The number of each token that a template has or had."""

    def of_template(self, tokens: Tokens) -> Ids:
        """The row of a template; its tokens get numbers if they have none."""
        return np.array(
            [_ANY if token == WILD else self.setdefault(token, len(self)) for token in tokens],
            dtype=np.int64,
        )

    def of_line(self, tokens: Tokens) -> Ids:
        """What is compared with rows. `<*>` in a line is equal to no token of a template."""
        return np.array(
            [_WILD_IN_LINE if token == WILD else self.get(token, _UNSEEN) for token in tokens],
            dtype=np.int64,
        )


class Table:
    """Rows of one width, numbered from 0 in the order in which they were added."""

    def __init__(self, width: int) -> None:
        self._rows: NDArray[np.int64] = np.zeros((4, width), dtype=np.int64)
        self._wilds: NDArray[np.int64] = np.zeros(4, dtype=np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, row: Ids) -> int:
        """Add a row; its number."""
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
            self._wilds = np.concatenate([self._wilds, np.zeros_like(self._wilds)])
        self._count += 1
        self.change(self._count - 1, row)
        return self._count - 1

    def change(self, at: int, row: Ids) -> None:
        """Put another row in the place of one."""
        self._rows[at] = row
        self._wilds[at] = np.count_nonzero(row == _ANY)

    def nearest(self, line: Ids, least: float) -> int | None:
        """The row that `Leaf.nearest` speaks of."""
        same, wilds = self._compared(line)
        width = len(line)
        best = int(np.argmax(same * (width + 1) + wilds))
        if not width or same[best] / width >= least:
            return best
        literal = width - np.count_nonzero(line == _WILD_IN_LINE)
        return _first((same == literal) & (wilds == width - literal))

    def fitting(self, line: Ids) -> int | None:
        """The row that `Leaf.fitting` speaks of."""
        same, wilds = self._compared(line)
        fits = np.where(same + wilds == len(line), same, -1)
        best = int(np.argmax(fits))
        return best if fits[best] >= 0 else None

    def _compared(self, line: Ids) -> tuple[Any, Any]:
        """How many tokens of each row are equal to the line's, and how many are `<*>`."""
        rows = self._rows[: self._count]
        return np.count_nonzero(rows == line, axis=1), self._wilds[: self._count]


def _first(which: NDArray[np.bool_]) -> int | None:
    at = int(np.argmax(which))
    return at if which[at] else None
