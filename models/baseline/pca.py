"""Vectors by how they break the way in which columns go together."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from models.base import Floats, State
from models.baseline.scale import Scale
from models.baseline.vectors import OverVectors
from models.errors import DataError, StoreError


class Pca(OverVectors):
    """The square root of T2 + Q, each over the mean that it has in training.

    T2 (Hotelling) is how far a row lies from the middle within the space of the components that
    hold `share` of the variance, in deviations of each; Q is the squared distance from that space
    (Jackson and Mudholkar). Both are wanted: one sees too much of what is usual, the other what is
    not usual at all.
    """

    name: ClassVar[str] = "pca"
    source: ClassVar[str] = (
        "Xu, Huang, Fox, Patterson, Jordan: Detecting Large-scale System Problems by Mining "
        "Console Logs (2009); Jackson, Mudholkar: Control Procedures for Residuals (1979)"
    )

    def __init__(self, share: float = 0.95) -> None:
        super().__init__()
        if not 0 < share <= 1:
            raise DataError(f"a share of the variance is above 0 and at most 1, not {share}")
        self.share = share
        self._axes: Floats = np.zeros((0, 0))
        """The components, shape (k, d)."""
        self._variances: Floats = np.zeros(0)
        self._means = (1.0, 1.0)

    def state(self) -> State:
        """The components with their variances, and the means of T2 and Q."""
        arrays = {"axes": self._axes, "variances": self._variances, **self._scales()}
        return State({"share": self.share}, {"means": list(self._means)}, arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made, arrays = cls(**state.parameters), state.arrays
        made._scale = Scale(arrays["mean"], arrays["deviation"])
        made._axes, made._variances = arrays["axes"], arrays["variances"]
        within, outside = (float(each) for each in state.facts["means"])
        if min(within, outside) <= 0 or (made._variances <= 0).any():
            raise StoreError("a variance is not above 0")
        made._means = within, outside
        return made

    def parts(self, rows: Floats) -> tuple[Floats, Floats]:
        """T2 and Q of scaled `rows`, each of shape (n,)."""
        along = rows @ self._axes.T
        outside = rows - along @ self._axes
        within: Floats = (along**2 / self._variances).sum(axis=1)
        return within, (outside**2).sum(axis=1)

    def _learn(self, rows: Floats) -> None:
        _, singular, axes = np.linalg.svd(rows, full_matrices=False)
        variances = singular**2 / max(len(rows) - 1, 1)
        total = variances.sum()
        kept = int(np.searchsorted(np.cumsum(variances), self.share * total)) + 1 if total else 0
        kept = min(kept, int((variances > 1e-12 * max(total, 1)).sum()))
        self._axes, self._variances = axes[:kept], variances[:kept]
        within, outside = self.parts(rows)
        # Where nothing is left outside, whatever comes there later is new: the least scale.
        self._means = max(float(within.mean()), 1e-3), max(float(outside.mean()), 1e-3)

    def _distances(self, rows: Floats) -> Floats:
        within, outside = self.parts(rows)
        distances: Floats = np.sqrt(within / self._means[0] + outside / self._means[1])
        return distances
