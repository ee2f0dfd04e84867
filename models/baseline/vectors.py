"""What detectors over vectors share: scaling, and reasons that name columns."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Detector, Floats, Reason, Takes, finite, matrix, some
from models.baseline.scale import Scale

BLOCK = 1024
"""Rows that are scored together, which bounds memory."""


class OverVectors(Detector[Floats]):
    """A detector over rows of numbers, each column brought to mean 0 and deviation 1."""

    takes: ClassVar[Takes] = Takes.VECTORS

    def __init__(self) -> None:
        self._scale = Scale(np.zeros(0), np.zeros(0))

    def fit(self, data: Floats) -> Self:
        """Learn scale and shape of `data`, an array (n, d)."""
        some(data)
        rows = matrix(data)
        self._scale = Scale.of(rows)
        self._learn(self._scale.apply(rows))
        return self

    def score(self, data: Floats) -> Floats:
        """How strange each row is."""
        rows = self._scale.apply(data)
        parts = [self._distances(rows[at : at + BLOCK]) for at in range(0, len(rows), BLOCK)]
        return finite(np.concatenate(parts)) if parts else np.zeros(0)

    def explain(self, data: Floats, at: int, most: int = 3) -> list[Reason]:
        """The columns that matter most.

        What a column adds is how much less strange the row is with the mean in its place.
        """
        row = self._scale.apply(data[at : at + 1])
        without = np.repeat(row, row.shape[1], axis=0)
        np.fill_diagonal(without, 0.0)
        gains = finite(self._distances(row) - self._distances(without))
        order = np.argsort(-gains, kind="stable")[:most]
        return [self._reason(int(column), row[0], gains) for column in order]

    @abstractmethod
    def _learn(self, rows: Floats) -> None:
        """Learn the shape of the scaled `rows`."""

    @abstractmethod
    def _distances(self, rows: Floats) -> Floats:
        """The scores of scaled `rows`."""

    def _reason(self, column: int, row: Floats, gains: Floats) -> Reason:
        side = "above" if row[column] > 0 else "below"
        return Reason(
            f"column {column}",
            float(gains[column]),
            f"column {column} lies {abs(row[column]):,.1f} standard deviations {side} the mean",
        )

    def _scales(self) -> dict[str, NDArray[np.float64]]:
        return {"mean": self._scale.mean, "deviation": self._scale.deviation}


def squared_distances(rows: Floats, others: Floats) -> Floats:
    """Euclid's, squared, of each of `rows` to each of `others`, shape (n, m)."""
    products = rows @ others.T
    squares = (rows**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * products
    distances: Floats = np.maximum(squares, 0.0)
    return distances
