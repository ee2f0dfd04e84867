"""TF-IDF rows that are compared with each other and with a query, in NumPy alone.

The weights are scikit-learn's: tf = 1 + ln(count), idf = ln((1 + n) / (1 + df)) + 1, rows of
length 1. One thing differs: what a query has and no text counts for the query's length. So the
similarity of a query that is mostly unheard of is low, as is that of a text left out to the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FREQUENT = 48
"""A column that more rows have is multiplied densely, one that fewer have pair by pair."""

WIDE = 1_024
"""Dense columns at once."""


class Bag:
    """Rows of weighted features, and for each column the rows that have it."""

    def __init__(
        self,
        columns: Sequence[str],
        idf: Floats,
        starts: NDArray[np.int64],
        rows: NDArray[np.int32],
        weights: Floats,
        count: int,
    ) -> None:
        """Column c is in `rows[starts[c]:starts[c + 1]]` of `count` rows, with those `weights`."""
        self.columns, self.idf, self.count = list(columns), idf, count
        self.starts, self.rows, self.weights = starts, rows, weights
        self._at: Mapping[str, int] = {name: at for at, name in enumerate(self.columns)}
        self._rarest = _idf(count, 1)

    @classmethod
    def of(cls, texts: Iterable[Iterable[str]]) -> Self:
        """The rows of texts that are already split into features.

        Of one text at a time the features are held as strings, of all only the different ones.
        """
        place: dict[str, int] = {}
        places: list[NDArray[np.int32]] = [np.zeros(0, dtype=np.int32)]
        counts: list[NDArray[np.int32]] = [np.zeros(0, dtype=np.int32)]
        for text in texts:
            bag = Counter(text)
            found = (place.setdefault(name, len(place)) for name in bag)
            places.append(np.fromiter(found, np.int32, len(bag)))
            counts.append(np.fromiter(bag.values(), np.int32, len(bag)))
        sizes = [len(each) for each in places[1:]]
        return cls._weighed(place, np.concatenate(places), np.concatenate(counts), sizes)

    @classmethod
    def _weighed(
        cls,
        place: Mapping[str, int],
        found: NDArray[np.int32],
        counts: NDArray[np.int32],
        sizes: Sequence[int],
    ) -> Self:
        """From each row's features, one row of `sizes` after the other; `place` numbers them."""
        columns = sorted(place)
        renumbered = np.empty(len(columns), dtype=np.int32)
        renumbered[[place[name] for name in columns]] = np.arange(len(columns), dtype=np.int32)
        found = renumbered[found]
        held = np.bincount(found, minlength=len(columns))
        idf = _idf(len(sizes), held.astype(np.float64)).astype(np.float32)
        rows = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        weights = (1 + np.log(counts)) * idf[found]
        lengths = np.sqrt(np.bincount(rows, weights * weights, len(sizes)))
        weights = (weights / np.maximum(1e-9, lengths)[rows]).astype(np.float32)
        order = np.argsort(found, kind="stable")  # by column, and within by row
        starts = np.concatenate([[0], np.cumsum(held)]).astype(np.int64)
        return cls(columns, idf, starts, rows[order], weights[order], len(sizes))

    def like(self, features: Iterable[str]) -> Floats:
        """The cosine of a text with each row, (count,)."""
        places: list[int] = []
        own: list[float] = []
        length = 0.0
        for name, count in Counter(features).items():
            place = self._at.get(name)
            weight = float(1 + np.log(count)) if count > 1 else 1.0
            weight *= float(self.idf[place]) if place is not None else float(self._rarest)
            length += weight * weight
            if place is not None:
                places.append(place)
                own.append(weight)
        if not places:
            return np.zeros(self.count, dtype=np.float32)
        first, last = self.starts[places], self.starts[np.array(places) + 1]
        spread = np.repeat(np.array(own) / np.sqrt(length), last - first)
        cells = _ranges(first, last)
        found = np.bincount(self.rows[cells], spread * self.weights[cells], self.count)
        return found.astype(np.float32)

    def gram(self) -> Floats:
        """The cosine of each row with each, (count, count); of a row with itself 1."""
        sizes = np.diff(self.starts)
        found = np.zeros((self.count, self.count), dtype=np.float32)
        frequent = np.flatnonzero(sizes > FREQUENT)
        for first in range(0, len(frequent), WIDE):
            dense = self._dense(frequent[first : first + WIDE])
            found += dense @ dense.T
        flat = found.reshape(-1)
        for size in np.unique(sizes[sizes <= FREQUENT]):
            cells = self.starts[:-1][sizes == size][:, None] + np.arange(size)
            rows, weights = self.rows[cells].astype(np.int64), self.weights[cells]
            pairs = rows[:, :, None] * self.count + rows[:, None, :]
            np.add.at(flat, pairs.reshape(-1), (weights[:, :, None] * weights[:, None, :]).ravel())
        return found

    def _dense(self, columns: NDArray[np.int64]) -> Floats:
        found = np.zeros((self.count, len(columns)), dtype=np.float32)
        first, last = self.starts[columns], self.starts[columns + 1]
        cells = _ranges(first, last)
        found[self.rows[cells], np.repeat(np.arange(len(columns)), last - first)] = self.weights[
            cells
        ]
        return found


def _idf(count: int, held: NDArray[np.float64] | int) -> NDArray[np.float64]:
    return np.asarray(np.log((1 + count) / (1 + np.asarray(held))) + 1)


def _ranges(first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """All whole numbers of the ranges from `first` to `last`, one range after the other."""
    sizes = last - first
    before = np.cumsum(sizes) - sizes
    steps = np.repeat(first - before, sizes)
    return np.asarray(np.arange(int(sizes.sum())) + steps, dtype=np.int64)
