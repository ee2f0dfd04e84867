"""HDBSCAN: clusters of any shape and density, found by the library, scored in NumPy.

Campello, Moulavi, Zimek, Sander: Hierarchical Density Estimates for Data Clustering, Visualization,
and Outlier Detection (2015), whose outlier score is GLOSH; McInnes, Healy, Astels: hdbscan (2017).
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self

import numpy as np

from models.base import Arrays, Floats, Reason, State, finite
from models.cluster.clustering import NOISE, Clustering, Places, ordinary
from models.cluster.points import Numbers, nearest
from models.libraries import library

EXEMPLARS = 5
"""The most typical points that are remembered of each cluster."""

_LAMBDA = np.finfo(np.float64).max
"""The density at which points in the same place join."""
SAME = 1e-5
"""Of a row's length: what lies nearer than that to a point of training is that point, but for how
floats were rounded when it was computed beside others."""


class Hdbscan(Clustering):
    """How far from all that is known, and how much sparser than the densest part nearby.

    The score is the sum of two: the mutual reachability distance to the nearest known point, in
    units of the median core distance of training (so 1 is ordinary, and there is no upper end),
    and the outlier score GLOSH in [0, 1], as `hdbscan.approximate_predict_scores` gives it.
    Defaults are the library's; `min_samples` None is `min_cluster_size`.
    """

    name: ClassVar[str] = "hdbscan"
    learns_with: ClassVar[tuple[str, ...]] = ("hdbscan", "scipy")
    source: ClassVar[str] = (
        "Campello, Moulavi, Zimek, Sander: Hierarchical Density Estimates for Data Clustering, "
        "Visualization, and Outlier Detection (2015); the library hdbscan"
    )

    def __init__(
        self,
        min_cluster_size: int = 5,
        min_samples: int | None = None,
        most: int = 50_000,
        seed: int = 0,
    ) -> None:
        super().__init__(most, seed)
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self._samples = 1
        self._arrays: dict[str, Any] = {}

    def score(self, data: Any) -> Floats:
        """Distance and outlier score of each row; see the class."""
        reach, outlier, _ = self._measure(self._rows(data))
        return finite(reach / self.places.outside + outlier)

    def outlier(self, data: Any) -> Floats:
        """GLOSH of each row, in [0, 1]."""
        return self._measure(self._rows(data))[1]

    def persistence(self) -> dict[int, float]:
        """How long each cluster lasts while the density asked for grows, in [0, 1]."""
        found = self._arrays["persistence"].tolist()
        return dict(zip(self.places.ids.tolist(), found, strict=True))

    def exemplars(self) -> dict[int, Numbers]:
        """The numbers of each cluster's most typical places, the most typical first."""
        found = zip(self.places.ids.tolist(), self._arrays["exemplars"], strict=True)
        return {cluster: at[at >= 0] for cluster, at in found}

    def explain(self, data: Any, at: int, most: int = 3) -> list[Reason]:
        """The nearest cluster and its distance, then how sparse it is where the row lies."""
        row = self._rows(data[at : at + 1])
        reach, outlier, _ = self._measure(row)
        (cluster,), (apart,) = self.assign(row)
        reasons = [
            Reason(
                "cluster",
                float(finite(reach / self.places.outside)[0]),
                self.words(int(cluster), apart),
            ),
            Reason(
                "outlier",
                float(outlier[0]),
                f"it is {outlier[0]:.0%} sparser there than in the densest part nearby",
            ),
        ]
        return sorted(reasons, key=lambda reason: -reason.contribution)[:most]

    def state(self) -> State:
        """The places, their core distances and densities, and what the clusters are like."""
        base = super().state()
        facts = {**base.facts, "samples": self._samples}
        return State(base.parameters, facts, {**base.arrays, **self._arrays})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = super().restore(state)
        made._samples = int(state.facts["samples"])
        made._arrays = {name: state.arrays[name] for name in made._arrays_of(state.arrays)}
        return made

    def _parameters(self) -> dict[str, Any]:
        own = {"min_cluster_size": self.min_cluster_size, "min_samples": self.min_samples}
        return {**own, **super()._parameters()}

    def _arrays_of(self, arrays: Arrays) -> list[str]:
        names = ["core", "own", "deepest", "membership", "persistence", "exemplars"]
        lacking = [name for name in names if name not in arrays]
        if lacking:
            raise KeyError(lacking[0])
        return names

    def _learn(self, points: Floats, counts: Numbers) -> Places:
        samples = self.min_samples or self.min_cluster_size
        self._samples = max(1, min(samples, len(points) - 1))
        # The library counts a point among its own neighbours here, and so do we.
        core = _core(points, self._samples)
        if len(points) <= self.min_cluster_size:
            labels, membership = np.full(len(points), NOISE), np.zeros(len(points))
            persistence, own = np.zeros(0), np.full(len(points), _LAMBDA)
            deepest = np.full(len(points), 1.0 / ordinary(core))
        else:
            found = self._found(points)
            labels, membership = found.labels_, found.probabilities_
            persistence = np.asarray(found.cluster_persistence_, dtype=np.float64)
            own, deepest = _densities(found.condensed_tree_.to_numpy(), len(points))
        labels = np.asarray(labels, dtype=np.intp)
        ids = np.arange(len(persistence), dtype=np.intp)
        self._arrays = {
            "core": core,
            "own": own,
            "deepest": deepest,
            "membership": np.asarray(membership, dtype=np.float64),
            "persistence": persistence,
            "exemplars": _typical(labels, membership, core, len(ids)),
        }
        scales = [ordinary(core[labels == each]) for each in ids]
        sizes = [int(counts[labels == each].sum()) for each in ids]
        outside = ordinary(core)
        return Places(points, labels, ids, np.array(scales), np.array(sizes, np.intp), outside)

    def _found(self, points: Floats) -> Any:
        with warnings.catch_warnings():
            # The library calls scikit-learn by names that will change; that is not ours to mend.
            warnings.filterwarnings("ignore", category=FutureWarning)
            warnings.filterwarnings("ignore", category=SyntaxWarning)
            made = library("hdbscan").HDBSCAN(
                min_cluster_size=max(2, self.min_cluster_size),
                min_samples=self._samples,
                core_dist_n_jobs=1,
            )
            return made.fit(points)

    def _measure(self, rows: Floats) -> tuple[Floats, Floats, Numbers]:
        """Reachability distance, GLOSH and the nearest known point by reachability, each (n,)."""
        core, deepest = self._arrays["core"], self._arrays["deepest"]
        apart, at = nearest(self.places.points, rows, 2 * self._samples)
        around = apart[:, min(self._samples, apart.shape[1] - 1), None]
        reach = np.maximum(np.maximum(apart, around), core[at])
        first = reach.argmin(axis=1)[:, None]
        number = np.take_along_axis(at, first, 1)[:, 0]
        distance = np.take_along_axis(reach, first, 1)[:, 0]
        with np.errstate(divide="ignore", over="ignore"):
            density = np.minimum(1.0 / distance, _LAMBDA)
            # A point of the training data has the density that it had there.
            there = apart.min(axis=1) <= SAME * np.linalg.norm(rows, axis=1)
            density = np.where(there, self._arrays["own"][number], density)
            lacks = np.clip(1.0 - density / deepest[number], 0.0, 1.0)
        return distance, lacks, number


def _core(points: Floats, samples: int) -> Floats:
    """The distance of each point to its `samples`-th neighbour, itself counted."""
    tree = library("scipy.spatial").cKDTree(points)
    distances = tree.query(points, k=[samples])[0][:, 0]
    return np.asarray(distances, dtype=np.float64)


def _densities(tree: Any, count: int) -> tuple[Floats, Floats]:
    """The density at which each point leaves the tree, and the highest in the cluster it leaves."""
    highest = np.zeros(int(tree["parent"].max()) + 1)
    np.maximum.at(highest, tree["parent"], tree["lambda_val"])
    inner = tree[tree["child"] >= count]
    for row in inner[::-1]:  # children come after their parents
        highest[row["parent"]] = max(highest[row["parent"]], highest[row["child"]])
    leaves = tree[tree["child"] < count]
    own, deepest = np.zeros(count), np.zeros(count)
    own[leaves["child"]] = leaves["lambda_val"]
    deepest[leaves["child"]] = highest[leaves["parent"]]
    return np.minimum(own, _LAMBDA), np.minimum(deepest, _LAMBDA)


def _typical(labels: Numbers, membership: Floats, core: Floats, clusters: int) -> Numbers:
    """The numbers of each cluster's most typical points, shape (clusters, EXEMPLARS); else -1."""
    found = np.full((clusters, EXEMPLARS), -1, dtype=np.intp)
    order = np.lexsort((core, -np.asarray(membership)))
    for cluster in range(clusters):
        first = order[labels[order] == cluster][:EXEMPLARS]
        found[cluster, : len(first)] = first
    return found
