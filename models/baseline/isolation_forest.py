"""Vectors by how soon random cuts part them from the rest."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, State
from models.baseline.scale import Scale
from models.baseline.vectors import OverVectors
from models.errors import DataError, StoreError
from models.libraries import library


class IsolationForest(OverVectors):
    """Liu's anomaly score, from 0 to 1: 2 to the power of minus the depth at which a row is alone.

    The depth is the mean over `trees`, over the depth that is usual in a sample of `sample` rows.
    Fitted by scikit-learn; the trees are kept as arrays and walked with NumPy.
    """

    name: ClassVar[str] = "isolation-forest"
    learns_with: ClassVar[tuple[str, ...]] = ("sklearn",)
    source: ClassVar[str] = "Liu, Ting, Zhou: Isolation Forest (2008); fitted by scikit-learn"
    seeded: ClassVar[bool] = True

    def __init__(self, trees: int = 100, sample: int = 256, seed: int = 0) -> None:
        super().__init__()
        if trees < 1 or sample < 2:
            raise DataError("a forest has 1 tree or more, of samples of 2 rows or more")
        self.trees, self.sample, self.seed = trees, sample, seed
        self._nodes: dict[str, NDArray[Any]] = {}
        """All trees' nodes in one row: `feature` (-1 at leaves), `threshold`, `left`, `right`
        (places in the row), `depth` (of leaves, with what is usual below them); `roots`."""
        self._usual = 1.0

    def state(self) -> State:
        """The trees."""
        parameters = {"trees": self.trees, "sample": self.sample, "seed": self.seed}
        return State(parameters, {"usual": self._usual}, {**self._nodes, **self._scales()})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of; `StoreError` if its trees are none."""
        made, arrays = cls(**state.parameters), state.arrays
        made._scale = Scale(arrays["mean"], arrays["deviation"])
        names = ("feature", "threshold", "left", "right", "depth", "roots")
        made._nodes = {name: arrays[name] for name in names}
        made._usual = float(state.facts["usual"])
        _check(made._nodes, len(made._scale.mean))
        return made

    def _learn(self, rows: Floats) -> None:
        forest = library("sklearn.ensemble").IsolationForest(
            n_estimators=self.trees, max_samples=min(self.sample, len(rows)), random_state=self.seed
        )
        forest.fit(rows)
        self._nodes = _nodes([each.tree_ for each in forest.estimators_])
        self._usual = float(_usual(np.array([min(self.sample, len(rows))]))[0]) or 1.0

    def _distances(self, rows: Floats) -> Floats:
        nodes = self._nodes
        # scikit-learn compares in single precision.
        narrow = rows.astype(np.float32)
        at = np.tile(nodes["roots"], (len(rows), 1))
        row = np.arange(len(rows))[:, None]
        while True:
            feature = nodes["feature"][at]
            inner = feature >= 0
            if not inner.any():
                break
            less = narrow[row, np.maximum(feature, 0)] <= nodes["threshold"][at]
            after = np.where(less, nodes["left"][at], nodes["right"][at])
            at = np.where(inner, after, at)
        depth = nodes["depth"][at].mean(axis=1)
        distances: Floats = 2.0 ** -(depth / self._usual)
        return distances


def _nodes(trees: list[Any]) -> dict[str, NDArray[Any]]:
    """scikit-learn's trees as one row of nodes."""
    starts = np.cumsum([0, *(tree.node_count for tree in trees)])
    rows: dict[str, list[NDArray[Any]]] = {}
    for start, tree in zip(starts.tolist(), trees, strict=False):
        leaf = tree.children_left < 0
        depth = _depths(tree) + _usual(tree.n_node_samples)
        for name, values in (
            ("feature", np.where(leaf, -1, tree.feature).astype(np.int32)),
            ("threshold", tree.threshold.astype(np.float64)),
            ("left", np.where(leaf, 0, tree.children_left + start).astype(np.int32)),
            ("right", np.where(leaf, 0, tree.children_right + start).astype(np.int32)),
            ("depth", np.where(leaf, depth, 0.0)),
        ):
            rows.setdefault(name, []).append(values)
    nodes = {name: np.concatenate(values) for name, values in rows.items()}
    return {**nodes, "roots": starts[:-1].astype(np.int32)}


def _depths(tree: Any) -> Floats:
    depths = np.zeros(tree.node_count)
    # Children come after their parents.
    for node in range(tree.node_count):
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                depths[child] = depths[node] + 1
    return depths


def _usual(count: NDArray[Any]) -> Floats:
    """The mean depth at which a search in a random tree of `count` rows fails (Liu, eq. 1)."""
    many = np.maximum(count, 3).astype(np.float64)
    deep = 2 * (np.log(many - 1) + np.euler_gamma) - 2 * (many - 1) / many
    usual: Floats = np.where(count <= 1, 0.0, np.where(count == 2, 1.0, deep))
    return usual


def _check(nodes: dict[str, NDArray[Any]], columns: int) -> None:
    """`StoreError` unless every walk from a root ends at a leaf."""
    size = len(nodes["feature"])
    inner = np.flatnonzero(nodes["feature"] >= 0)
    later = all(
        bool(((nodes[side][inner] > inner) & (nodes[side][inner] < size)).all())
        for side in ("left", "right")
    )
    roots = nodes["roots"]
    if not (
        later
        and len({len(nodes[name]) for name in ("feature", "threshold", "left", "right", "depth")})
        == 1
        and len(roots) > 0
        and bool(((roots >= 0) & (roots < size)).all())
        and bool((nodes["feature"] < columns).all())
    ):
        raise StoreError("its trees do not hold together")
