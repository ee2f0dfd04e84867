"""Rows made ready to be clustered: equal ones once, no more than can be borne."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, matrix, some

LARGEST = 1e100
"""Coordinates beyond are taken as this: their squares would be no numbers."""

Numbers = NDArray[np.intp]


def bounded(data: Any, columns: int | None = None) -> Floats:
    """`data` as finite rows none of whose distances overflow; `DataError` as `matrix`."""
    return np.clip(matrix(data, columns), -LARGEST, LARGEST)


def distinct(data: Any, most: int, seed: int) -> tuple[Floats, Numbers, Numbers]:
    """The rows that differ, how often each occurs, and which of them each of `data` is.

    What repeats counts once: a message written a million times is one place. Of more than `most` a
    sample is taken, and what is not in it is -1. `DataError` if there is no row, or one that is not
    finite.
    """
    some(data)
    rows, which, counts = np.unique(bounded(data), axis=0, return_inverse=True, return_counts=True)
    which = which.reshape(-1)
    if len(rows) > most:
        kept = np.sort(np.random.default_rng(seed).choice(len(rows), most, replace=False))
        places = np.full(len(rows), -1, dtype=np.intp)
        places[kept] = np.arange(most)
        rows, counts, which = rows[kept], counts[kept], places[which]
    return rows, counts, which


def nearest(
    known: NDArray[Any], rows: NDArray[Any], count: int, cells: int = 4 << 20
) -> tuple[Floats, Numbers]:
    """Distances and numbers (n, count) of the `known` nearest each row, the nearest first.

    `cells` bounds the distances that are held at a time.
    """
    count = min(count, len(known))
    step = max(1, cells // max(len(known), count * known.shape[1]))
    found = [_nearest(known, rows[at : at + step], count) for at in range(0, len(rows), step)]
    if not found:
        return np.zeros((0, count)), np.zeros((0, count), np.intp)
    return np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])


def _nearest(known: NDArray[Any], rows: NDArray[Any], count: int) -> tuple[Floats, Numbers]:
    squares = np.einsum("ij,ij->i", known, known) - 2.0 * (rows @ known.T)
    numbers = np.argpartition(squares, count - 1, axis=1)[:, :count]
    # From the differences themselves: squares of large numbers leave no digits for small ones.
    apart = np.linalg.norm(rows[:, None, :] - known[numbers], axis=2).astype(np.float64)
    order = np.lexsort((numbers, apart), axis=1)
    return np.take_along_axis(apart, order, 1), np.take_along_axis(numbers, order, 1)
