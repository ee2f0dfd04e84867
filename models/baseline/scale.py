"""Columns brought to one scale, as scikit-learn's StandardScaler does it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.base import Floats, matrix

FARTHEST = 1e9
"""Standard deviations beyond which a value is no stranger: squares of more would overflow sums."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and standard deviation of each column; 1 where a column never varied."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, rows: Floats) -> Scale:
        """That of `rows`, shape (n, d)."""
        deviation = rows.std(axis=0)
        # A constant column has rounding errors for a deviation.
        tiny = deviation <= 1e-12 * np.maximum(1, np.abs(rows).max(axis=0))
        return cls(rows.mean(axis=0), np.where(tiny, 1.0, deviation))

    def apply(self, data: Floats) -> Floats:
        """`data` in standard deviations from the mean."""
        rows = matrix(data, len(self.mean))
        scaled: Floats = np.clip((rows - self.mean) / self.deviation, -FARTHEST, FARTHEST)
        return scaled
