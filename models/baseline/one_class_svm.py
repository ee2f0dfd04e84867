"""Vectors by how far they lie outside a boundary around what is normal."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from models.base import Floats, State
from models.baseline.scale import Scale
from models.baseline.vectors import OverVectors, squared_distances
from models.errors import DataError, StoreError
from models.libraries import library


class OneClassSvm(OverVectors):
    """Minus the decision function of a one-class SVM with radial kernel: above 0 lies outside.

    At most a share `nu` of training lies outside. Kernels fade to nothing with distance, so that
    all that is far would score alike; each then adds its distance to the nearest support vector
    times a millionth. Of more than `most` rows a sample is learned, drawn by `seed`.
    """

    name: ClassVar[str] = "one-class-svm"
    learns_with: ClassVar[tuple[str, ...]] = ("sklearn",)
    source: ClassVar[str] = (
        "Schölkopf, Platt, Shawe-Taylor, Smola, Williamson: Estimating the Support of a "
        "High-Dimensional Distribution (2001); fitted by scikit-learn"
    )
    seeded: ClassVar[bool] = True

    FAR: ClassVar[float] = 1e-6
    """What a unit of distance adds: enough to order what is far, too little to see elsewhere."""

    def __init__(self, nu: float = 0.05, most: int = 5_000, seed: int = 0) -> None:
        super().__init__()
        if not 0 < nu <= 1 or most < 2:
            raise DataError("nu is above 0 and at most 1, and most is 2 or more")
        self.nu, self.most, self.seed = nu, most, seed
        self._vectors: Floats = np.zeros((0, 0))
        self._weights: Floats = np.zeros(0)
        self._offset, self._gamma = 0.0, 1.0

    def state(self) -> State:
        """The support vectors with their weights, offset and width of the kernel."""
        parameters = {"nu": self.nu, "most": self.most, "seed": self.seed}
        facts = {"offset": self._offset, "gamma": self._gamma}
        arrays = {"vectors": self._vectors, "weights": self._weights, **self._scales()}
        return State(parameters, facts, arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made, arrays = cls(**state.parameters), state.arrays
        made._scale = Scale(arrays["mean"], arrays["deviation"])
        made._vectors, made._weights = arrays["vectors"], arrays["weights"]
        made._offset, made._gamma = float(state.facts["offset"]), float(state.facts["gamma"])
        if made._vectors.shape != (len(made._weights), len(made._scale.mean)):
            raise StoreError("its support vectors do not fit their weights")
        return made

    def decision(self, rows: Floats) -> Floats:
        """The decision function of scaled `rows`: above 0 inside, below 0 outside."""
        kernel = np.exp(-self._gamma * squared_distances(rows, self._vectors))
        inside: Floats = kernel @ self._weights + self._offset
        return inside

    def _learn(self, rows: Floats) -> None:
        if len(rows) > self.most:
            chosen = np.random.default_rng(self.seed).permutation(len(rows))[: self.most]
            rows = rows[np.sort(chosen)]
        variance = float(rows.var())
        # scikit-learn's gamma="scale".
        self._gamma = 1.0 / (rows.shape[1] * variance) if variance else 1.0
        machine = library("sklearn.svm").OneClassSVM(nu=self.nu, gamma=self._gamma).fit(rows)
        self._vectors = np.asarray(machine.support_vectors_, dtype=np.float64)
        self._weights = np.asarray(machine.dual_coef_[0], dtype=np.float64)
        self._offset = float(machine.intercept_[0])

    def _distances(self, rows: Floats) -> Floats:
        nearest = np.sqrt(squared_distances(rows, self._vectors).min(axis=1))
        distances: Floats = self.FAR * nearest - self.decision(rows)
        return distances
