"""Vectors by how much thinner they are sown around than their neighbours are."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, State
from models.baseline.scale import Scale
from models.baseline.vectors import OverVectors, squared_distances
from models.errors import DataError, StoreError
from models.libraries import library


class Lof(OverVectors):
    """The local outlier factor of each row among training's: about 1 inside, above it outside.

    The density around a row is compared with that around its `neighbours` nearest in training.
    20 is scikit-learn's default and within what the paper advises. Of more than `most` rows a
    sample is kept, drawn by `seed`. Fitted by scikit-learn; scored with NumPy.
    """

    name: ClassVar[str] = "lof"
    learns_with: ClassVar[tuple[str, ...]] = ("sklearn",)
    source: ClassVar[str] = (
        "Breunig, Kriegel, Ng, Sander: LOF: Identifying Density-Based Local Outliers (2000); "
        "fitted by scikit-learn"
    )
    seeded: ClassVar[bool] = True

    def __init__(self, neighbours: int = 20, most: int = 5_000, seed: int = 0) -> None:
        super().__init__()
        if neighbours < 1 or most < 2:
            raise DataError("neighbours are 1 or more, and most is 2 or more")
        self.neighbours, self.most, self.seed = neighbours, most, seed
        self._points: Floats = np.zeros((0, 0))
        self._reach: Floats = np.zeros(0)
        """How far each point's farthest neighbour is."""
        self._density: Floats = np.zeros(0)

    def state(self) -> State:
        """The points of training, how far each reaches, and how dense it is around it."""
        parameters = {"neighbours": self.neighbours, "most": self.most, "seed": self.seed}
        arrays = {"points": self._points, "reach": self._reach, "density": self._density}
        return State(parameters, {}, {**arrays, **self._scales()})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made, arrays = cls(**state.parameters), state.arrays
        made._scale = Scale(arrays["mean"], arrays["deviation"])
        made._points, made._reach = arrays["points"], arrays["reach"]
        made._density = arrays["density"]
        if not len(made._points) == len(made._reach) == len(made._density) > 0:
            raise StoreError("its points do not fit their densities")
        return made

    def _learn(self, rows: Floats) -> None:
        if len(rows) > self.most:
            chosen = np.random.default_rng(self.seed).permutation(len(rows))[: self.most]
            rows = rows[np.sort(chosen)]
        self._points = rows
        if len(rows) == 1:
            self._reach, self._density = np.zeros(1), np.array([1e10])
            return
        near = library("sklearn.neighbors").NearestNeighbors(
            n_neighbors=min(self.neighbours, len(rows) - 1)
        )
        distances, places = near.fit(rows).kneighbors()
        self._reach = distances[:, -1]
        self._density = self._densities(distances, places)

    def _distances(self, rows: Floats) -> Floats:
        count = min(self.neighbours, max(len(self._points) - 1, 1))
        squares = squared_distances(rows, self._points)
        places = np.argpartition(squares, count - 1, axis=1)[:, :count]
        # Again, by differences: the sum of squares is off by rounding where points lie close.
        apart = self._points[places] - rows[:, None, :]
        own = self._densities(np.sqrt((apart**2).sum(axis=2)), places)
        factors: Floats = self._density[places].mean(axis=1) / own
        return factors

    def _densities(self, distances: Floats, places: NDArray[np.intp]) -> Floats:
        reached = np.maximum(distances, self._reach[places])
        densities: Floats = 1.0 / (reached.mean(axis=1) + 1e-10)
        return densities
