"""k-means: so many centres, each row of training belonging to the nearest."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from models.base import Floats
from models.cluster.clustering import Clustering, Places, ordinary
from models.cluster.points import Numbers, nearest
from models.libraries import library


class KMeans(Clustering):
    """The distance to the nearest centre, by the median distance of those who belong to it."""

    name: ClassVar[str] = "k-means"
    learns_with: ClassVar[tuple[str, ...]] = ("sklearn",)
    source: ClassVar[str] = (
        "Lloyd: Least Squares Quantization in PCM (1982); Arthur, Vassilvitskii: k-means++ (2007); "
        "scikit-learn"
    )

    def __init__(self, clusters: int = 8, most: int = 50_000, seed: int = 0) -> None:
        super().__init__(most, seed)
        self.clusters = clusters

    def _parameters(self) -> dict[str, Any]:
        return {"clusters": self.clusters, **super()._parameters()}

    def _learn(self, points: Floats, counts: Numbers) -> Places:
        found = library("sklearn.cluster").KMeans(
            n_clusters=min(self.clusters, len(points)), n_init=4, random_state=self.seed
        )
        found.fit(points, sample_weight=counts.astype(np.float64))
        centres = np.asarray(found.cluster_centers_, dtype=np.float64)
        distances, numbers = nearest(centres, points, 1)
        apart, at = distances[:, 0], numbers[:, 0]
        # A centre may have lost all who belonged to it.
        kept = np.unique(at)
        ids = np.arange(len(kept), dtype=np.intp)
        outside = ordinary(apart)
        scales = [_scale(apart[at == each], outside) for each in kept]
        sizes = [int(counts[at == each].sum()) for each in kept]
        return Places(centres[kept], ids, ids, np.array(scales), np.array(sizes), outside)


def _scale(apart: Floats, least: float) -> float:
    """Of a cluster of very few, the distances say little: not under that of all."""
    return max(ordinary(apart), least)
