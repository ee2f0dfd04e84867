"""Vectors in fewer columns: principal components, and what they leave out.

Jolliffe: Principal Component Analysis (2002).
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Arrays, Floats
from models.errors import DataError

FLAT = 1e-9
"""A component whose share of the variance is less says nothing."""


class Reduction(NamedTuple):
    """Where the centre lies, and the directions in which data vary most, one a row."""

    centre: Floats
    components: Floats

    @classmethod
    def fit(cls, rows: NDArray[Any], most: int) -> Self:
        """Learn up to `most` components of `rows` (n, d). The same rows give the same signs."""
        rows = np.asarray(rows, dtype=np.float64)
        centre = rows.mean(axis=0)
        moved = rows - centre
        values, vectors = np.linalg.eigh(moved.T @ moved)
        order = np.argsort(values)[::-1][: min(most, len(rows) - 1)]
        kept = order[values[order] > FLAT * max(values.sum(), np.finfo(float).tiny)]
        components = vectors[:, kept].T
        largest = np.abs(components).argmax(axis=1)
        signs = np.sign(components[np.arange(len(kept)), largest])
        return cls(centre, np.ascontiguousarray(components * signs[:, None]))

    def __call__(self, rows: NDArray[Any]) -> Floats:
        """Rows (n, d) to (n, k + 1): the components, and how far from all of them a row lies.

        Without the last column, what is new in a direction of its own would look ordinary.
        """
        moved = np.asarray(rows, dtype=np.float64) - self.centre
        along = moved @ self.components.T
        left = moved - along @ self.components
        return np.hstack([along, np.linalg.norm(left, axis=1, keepdims=True)])

    def arrays(self) -> Arrays:
        """What `restore` takes."""
        return {"centre": self.centre, "components": self.components}

    @classmethod
    def restore(cls, arrays: Arrays) -> Self:
        """The reduction whose `arrays` these are."""
        made = cls(arrays["centre"], arrays["components"])
        if made.components.ndim != 2 or made.components.shape[1:] != made.centre.shape:
            raise DataError("the components do not fit the centre")
        return made
