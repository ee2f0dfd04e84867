"""Spectral clustering: cuts the graph of nearest neighbours where it is thinnest."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np

from models.base import Floats
from models.cluster.clustering import Clustering, Places, ordinary
from models.cluster.points import Numbers, nearest
from models.libraries import library


class Spectral(Clustering):
    """The distance to the nearest point of training, by the median between neighbours there.

    Clusters may have any shape, so that a centre would say little; all points are kept.
    """

    name: ClassVar[str] = "spectral"
    learns_with: ClassVar[tuple[str, ...]] = ("sklearn",)
    source: ClassVar[str] = (
        "Ng, Jordan, Weiss: On Spectral Clustering: Analysis and an Algorithm (2001); von Luxburg: "
        "A Tutorial on Spectral Clustering (2007); scikit-learn"
    )

    def __init__(
        self, clusters: int = 8, neighbours: int = 10, most: int = 3_000, seed: int = 0
    ) -> None:
        super().__init__(most, seed)
        self.clusters = clusters
        self.neighbours = neighbours

    def _parameters(self) -> dict[str, Any]:
        own = {"clusters": self.clusters, "neighbours": self.neighbours}
        return {**own, **super()._parameters()}

    def _learn(self, points: Floats, counts: Numbers) -> Places:
        labels = self._labels(points)
        apart = nearest(points, points, 2)[0][:, -1]
        found, labels = np.unique(labels, return_inverse=True)
        ids = np.arange(len(found), dtype=np.intp)
        outside = ordinary(apart)
        scales = [max(ordinary(apart[labels == each]), outside) for each in ids]
        sizes = [int(counts[labels == each].sum()) for each in ids]
        places = labels.astype(np.intp)
        return Places(points, places, ids, np.array(scales), np.array(sizes, np.intp), outside)

    def _labels(self, points: Floats) -> Any:
        clusters = min(self.clusters, len(points) // 2)
        if clusters < 2:
            return np.zeros(len(points), dtype=np.intp)
        made = library("sklearn.cluster").SpectralClustering(
            n_clusters=clusters,
            affinity="nearest_neighbors",
            n_neighbors=min(self.neighbours, len(points) - 1),
            random_state=self.seed,
        )
        with warnings.catch_warnings():
            # Parts of the graph that nothing joins are clusters already, which is well.
            warnings.filterwarnings("ignore", message="Graph is not fully connected")
            return made.fit(points).labels_
