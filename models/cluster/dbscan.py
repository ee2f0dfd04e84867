"""DBSCAN: clusters of points that have enough others near them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from models.base import Floats
from models.cluster.clustering import Clustering, Places
from models.cluster.points import Numbers, nearest
from models.libraries import library


class Dbscan(Clustering):
    """The distance to the nearest core point, by the radius `eps`.

    `eps` None takes the radius within which nine of ten points have `min_samples` others: the bend
    in the sorted distances, which Ester and others look for by eye, at a fixed share.
    """

    name: ClassVar[str] = "dbscan"
    learns_with: ClassVar[tuple[str, ...]] = ("sklearn",)
    source: ClassVar[str] = (
        "Ester, Kriegel, Sander, Xu: A Density-Based Algorithm for Discovering Clusters in Large "
        "Spatial Databases with Noise (1996); scikit-learn"
    )

    def __init__(
        self,
        eps: float | None = None,
        min_samples: int = 5,
        most: int = 10_000,
        seed: int = 0,
    ) -> None:
        super().__init__(most, seed)
        self.eps = eps
        self.min_samples = min_samples

    def _parameters(self) -> dict[str, Any]:
        return {"eps": self.eps, "min_samples": self.min_samples, **super()._parameters()}

    def _learn(self, points: Floats, counts: Numbers) -> Places:
        samples = min(self.min_samples, len(points))
        apart, _ = nearest(points, points, samples)
        eps = self.eps or float(np.quantile(apart[:, -1], 0.9)) or 1.0
        found = library("sklearn.cluster").DBSCAN(eps=eps, min_samples=samples).fit(points)
        labels = np.asarray(found.labels_, dtype=np.intp)
        core = np.asarray(found.core_sample_indices_, dtype=np.intp)
        ids = np.arange(labels.max() + 1, dtype=np.intp)
        sizes = np.array([int(counts[labels == each].sum()) for each in ids], dtype=np.intp)
        # With a radius that is far too small nothing is a core point: all are places then.
        kept = core if len(core) else np.arange(len(points))
        return Places(points[kept], labels[kept], ids, np.full(len(ids), eps), sizes, eps)
