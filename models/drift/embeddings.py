"""Drift of what is said: whether embeddings of messages lie elsewhere."""

from __future__ import annotations

import numpy as np

from models.base import Floats, matrix
from models.baseline.vectors import squared_distances
from models.drift.drift import Drift
from models.drift.reference import Places, kept, permuted
from models.errors import DataError

MOST = 500
"""Rows of each sample that are compared: the kernel grows with their square."""


def direction(then: Floats, now: Floats, times: int = 199, block: int = 1, seed: int = 0) -> Drift:
    """One minus the cosine between the mean embeddings, arrays (n, d) and (m, d)."""
    rows, before = _joined(then, now, len(then) + len(now), seed)

    def apart(one: Places, two: Places) -> float:
        first, second = rows[one].mean(axis=0), rows[two].mean(axis=0)
        size = np.linalg.norm(first) * np.linalg.norm(second)
        return float(1 - first @ second / size) if size else 0.0

    return Drift("mean embedding", *permuted(apart, before, len(now), times, block, seed))


def discrepancy(
    then: Floats, now: Floats, times: int = 199, block: int = 1, most: int = MOST, seed: int = 0
) -> Drift:
    """The maximum mean discrepancy, squared, with a Gaussian kernel as wide as the median distance.

    It sees spread and shape as well as the mean. Gretton, Borgwardt, Rasch, Schölkopf, Smola:
    A Kernel Two-Sample Test (2012). Of more than `most` rows a sample is compared.
    """
    rows, before = _joined(then, now, most, seed)
    squares = squared_distances(rows, rows)
    apart = squares[np.triu_indices(len(rows), 1)]
    middle = float(np.median(apart[apart > 0])) if (apart > 0).any() else 1.0
    kernel = np.exp(-squares / middle)

    def mmd(one: Places, two: Places) -> float:
        weights = np.empty(len(rows))
        weights[one], weights[two] = 1 / len(one), -1 / len(two)
        return float(weights @ kernel @ weights)

    found = permuted(mmd, before, len(rows) - before, times, block, seed)
    return Drift("distribution of embeddings", *found)


def _joined(then: Floats, now: Floats, most: int, seed: int) -> tuple[Floats, int]:
    first = matrix(then)
    second = matrix(now, first.shape[1])
    if not min(len(first), len(second)):
        raise DataError("drift needs something from then and something from now")
    first, second = kept(first, most, seed), kept(second, most, seed)
    return np.concatenate([first, second]), len(first)
