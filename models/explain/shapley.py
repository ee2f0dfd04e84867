"""What each column of a row adds to its score: Shapley values over a background of normal rows.

The value of a set of columns is the mean score over rows that take these columns from the row
that is explained and the others from the background. A column's Shapley value is what it adds to
that, averaged over all orders in which columns can come. The values and the mean score of the
background add up to the row's score.

Shapley: A Value for n-Person Games (1953); Štrumbelj, Kononenko: Explaining Prediction Models and
Individual Predictions with Feature Contributions (2014); Lundberg, Lee: A Unified Approach to
Interpreting Model Predictions (2017), whose library `shap` gives the same values in training.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, Reason, matrix
from models.errors import DataError
from models.libraries import library

Score = Callable[[Floats], Floats]
"""Scores (n,) of rows (n, d)."""

EXACT = 10
"""Columns up to which every set is scored; beyond that orders are drawn."""
BACKGROUND = 64
"""Rows of the background that are used: each set of columns is scored with all of them."""


@dataclass(frozen=True, slots=True)
class Shapley:
    """`values` (d,) of one row, which add up to its score with `base`, the background's mean."""

    values: Floats
    base: float
    row: Floats
    usual: Floats
    """The median of each column of the background, shape (d,)."""

    def reasons(self, names: Sequence[str], most: int = 3) -> list[Reason]:
        """The columns that add most to the score, in words."""
        order = np.argsort(-self.values, kind="stable")[:most]
        return [
            Reason(
                names[at],
                float(self.values[at]),
                f"{names[at]} is {self.row[at]:.4g}, where {self.usual[at]:.4g} is usual",
            )
            for at in order
        ]


def shapley(
    score: Score, row: Floats, background: Floats, orders: int = 32, seed: int = 0
) -> Shapley:
    """The Shapley values of `row`, shape (d,), against a `background` of normal rows, (n, d).

    Exact up to `EXACT` columns. With more, `orders` orders are drawn by `seed`, and each is walked
    forwards and backwards, which takes much of the chance out; the sum is exact in any case.
    """
    rows = matrix(background)
    if not len(rows):
        raise DataError("a background of normal rows is needed")
    item = matrix(np.asarray(row)[None, :], rows.shape[1])[0]
    usual = np.median(rows, axis=0)
    if len(rows) > BACKGROUND:
        rows = rows[np.sort(np.random.default_rng(seed).permutation(len(rows))[:BACKGROUND])]
    worth = _Worth(score, item, rows)
    if len(item) <= EXACT:
        values = _exact(worth, len(item))
    else:
        values = _drawn(worth, len(item), orders, np.random.default_rng(seed))
    return Shapley(values, worth.of(()), item, usual)


def by_shap(score: Score, rows: Floats, background: Floats) -> Floats:
    """The same of many rows by Kernel SHAP of the library `shap`, shape (n, d): for training.

    Exact up to `EXACT` columns too, over the whole of `background`.
    """
    known = matrix(background)
    data = matrix(rows, known.shape[1])
    with warnings.catch_warnings():
        # It sets up colours for its plots, in ways that matplotlib will not have for ever.
        warnings.simplefilter("ignore")
        shap = library("shap")
    count = data.shape[1]
    values: Floats = np.asarray(
        shap.KernelExplainer(score, known).shap_values(
            data, nsamples=2**count if count <= EXACT else "auto", l1_reg=0, silent=True
        ),
        dtype=np.float64,
    )
    return values


class _Worth:
    """The value of a set of columns, each computed once."""

    def __init__(self, score: Score, row: Floats, background: Floats) -> None:
        self.score, self.row, self.background = score, row, background
        self.known: dict[tuple[int, ...], float] = {}

    def of(self, columns: Iterable[int]) -> float:
        key = tuple(sorted(columns))
        if key not in self.known:
            self.learn([key])
        return self.known[key]

    def learn(self, keys: Sequence[tuple[int, ...]]) -> None:
        """Score all of `keys` in one call: a call costs more than a row."""
        new = [key for key in dict.fromkeys(keys) if key not in self.known]
        if not new:
            return
        mixed = np.tile(self.background, (len(new), 1, 1))
        for rows, key in zip(mixed, new, strict=True):
            rows[:, list(key)] = self.row[list(key)]
        scores = self.score(mixed.reshape(-1, len(self.row))).reshape(len(new), -1)
        self.known.update(zip(new, scores.mean(axis=1).tolist(), strict=True))


def _exact(worth: _Worth, count: int) -> Floats:
    sets = list(chain.from_iterable(combinations(range(count), n) for n in range(count + 1)))
    worth.learn(sets)
    values = np.zeros(count)
    for each in sets:
        for column in each:
            rest = tuple(other for other in each if other != column)
            weight = factorial(len(rest)) * factorial(count - len(each)) / factorial(count)
            values[column] += weight * (worth.of(each) - worth.of(rest))
    return values


def _drawn(worth: _Worth, count: int, orders: int, rng: np.random.Generator) -> Floats:
    if orders < 1:
        raise DataError(f"one order or more is needed, not {orders}")
    values = np.zeros(count)
    for _ in range(orders):
        order = rng.permutation(count)
        for walk in (order, order[::-1]):
            values += _walked(worth, walk)
    return values / (2 * orders)


def _walked(worth: _Worth, order: NDArray[Any]) -> Floats:
    """What each column adds to those before it in `order`."""
    keys = [tuple(sorted(order[:at].tolist())) for at in range(len(order) + 1)]
    worth.learn(keys)
    added = np.zeros(len(order))
    added[order] = np.diff([worth.of(key) for key in keys])
    return added
