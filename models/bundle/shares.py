"""What the columns of a row add to a score of vectors, by Shapley values among the few that matter.

Columns may be told together: the sine and the cosine of an hour are one thing to a person.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.base import Floats
from models.explain.shapley import shapley

LOOKED_AT, ASKED = 64, 6
"""Groups that are looked at one by one, and of which every set is scored: 2^6 rows for each usual
one."""

Score = Callable[[Floats], Floats]
Groups = NDArray[np.intp]


def shares(score: Score, row: Floats, usual: Floats, groups: Groups) -> list[tuple[int, float]]:
    """The groups that add to the score of `row`, shape (d,), and how much, the weightiest first.

    `usual` are rows of ordinary windows, (n, d); `groups` says of which group each column is.
    """
    middle = np.median(usual, axis=0)
    chosen = _telling(score, row, middle, groups)
    if not len(chosen):
        return []
    places = [np.flatnonzero(groups == group) for group in chosen]

    def scored(values: Floats) -> Floats:
        """Scores where each group is that of a row of `usual`, by its number, or the row's own."""
        rows = np.repeat(row[None], len(values), axis=0)
        for columns, numbers in zip(places, values.T, strict=True):
            other = np.flatnonzero(numbers >= 0)
            rows[np.ix_(other, columns)] = usual[np.ix_(numbers[other].astype(np.intp), columns)]
        return score(rows)

    numbers = np.repeat(np.arange(float(len(usual)))[:, None], len(chosen), axis=1)
    told = shapley(scored, np.full(len(chosen), -1.0), numbers).values
    order = np.argsort(-told, kind="stable")
    return [(int(chosen[each]), float(told[each])) for each in order if told[each] > 0]


def _telling(score: Score, row: Floats, middle: Floats, groups: Groups) -> Groups:
    """The groups whose usual values take most off the score, at most `ASKED`."""
    apart = np.zeros(int(groups.max(initial=-1)) + 1)
    np.maximum.at(apart, groups, np.abs(row - middle))
    chosen = np.argsort(-apart, kind="stable")[:LOOKED_AT]
    chosen = chosen[apart[chosen] > 0]
    rows = np.repeat(row[None], len(chosen), axis=0)
    for other, group in zip(rows, chosen, strict=True):
        columns = groups == group
        other[columns] = middle[columns]
    return chosen[np.argsort(score(rows), kind="stable")[:ASKED]] if len(chosen) else chosen
