"""Windows whose graph has another shape than those of training."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import ClassVar, Self

import numpy as np

from models.base import Detector, Floats, Reason, State, Takes, by_distinct, finite, some
from models.graph.edge import Edge, Graph, Graphs

FEATURES = (
    "things", "edges", "targets of one source", "sources of one target", "parts",
    "share of the largest part", "edges a thing", "repeats",
)  # fmt: skip
"""What is measured of a window's graph; a scan is many targets of one source, a movement from host
to host joins parts that are apart on other days."""


class Structure(Detector[Graphs]):
    """How far a window's graph is from the middle of training's, by its most different feature.

    Each feature (on a scale of logarithms, where it counts) is held against its median, in units of
    1.4826 times the median distance from it, with a floor of a tenth. Of the distances the largest
    counts in full and the others by a tenth.
    """

    name: ClassVar[str] = "graph-structure"
    takes: ClassVar[Takes] = Takes.EDGES
    source: ClassVar[str] = (
        "Akoglu and others: OddBall: Spotting Anomalies in Weighted Graphs (2010), features; "
        "Iglewicz and Hoaglin: How to Detect and Handle Outliers (1993), distances"
    )
    FLOOR: ClassVar[float] = 0.1

    def __init__(self) -> None:
        self._middle = np.zeros(len(FEATURES))
        self._spread = np.ones(len(FEATURES))

    def fit(self, data: Graphs) -> Self:
        """Learn the middle and the spread of each feature."""
        some(data)
        rows = np.array([features(graph) for graph in data])
        self._middle = np.median(rows, axis=0)
        away = np.median(np.abs(rows - self._middle), axis=0)
        self._spread = np.maximum(1.4826 * away, self.FLOOR)
        return self

    def score(self, data: Graphs) -> Floats:
        """The distance of each window."""
        return by_distinct(data, lambda distinct: np.array([self._score(g) for g in distinct]))

    def explain(self, data: Graphs, at: int, most: int = 3) -> list[Reason]:
        """The features that are furthest from their middle."""
        values = features(data[at])
        away = np.abs(values - self._middle) / self._spread
        return [
            Reason(
                FEATURES[i],
                float(away[i]),
                f"{FEATURES[i]}: {_told(i, values[i])}, usually {_told(i, self._middle[i])}",
            )
            for i in np.argsort(-away, kind="stable")[:most].tolist()
        ]

    def state(self) -> State:
        """Middles and spreads."""
        return State({}, {}, {"middle": self._middle, "spread": self._spread})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._middle, made._spread = state.arrays["middle"], state.arrays["spread"]
        return made

    def _score(self, graph: Graph) -> float:
        away = finite(np.abs(features(graph) - self._middle) / self._spread)
        return float(0.9 * away.max() + 0.1 * away.sum())


def features(graph: Graph) -> Floats:
    """The `FEATURES` of a window's graph, shape (8,); counts as log(1 + n)."""
    different = set(graph)
    targets: defaultdict[str, set[str]] = defaultdict(set)
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for edge in different:
        targets[edge.source].add(edge.target)
        sources[edge.target].add(edge.source)
    parts = _parts(different)
    things, edges = sum(parts), len(different)
    counts = [
        things, edges, max(map(len, targets.values()), default=0),
        max(map(len, sources.values()), default=0), len(parts),
    ]  # fmt: skip
    shares = [
        max(parts, default=0) / things if things else 0.0,
        edges / things if things else 0.0,
        float(np.log1p(len(graph) - edges)),
    ]
    return np.array([*np.log1p(counts), *shares], dtype=np.float64)


def _parts(edges: set[Edge]) -> list[int]:
    """The numbers of things in the parts that hang together, by joining sets."""
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above.setdefault(name, name) != name:
            above[name] = name = above[above[name]]
        return name

    for edge in sorted(edges):
        above[top(edge.source)] = top(edge.target)
    return sorted(Counter(top(name) for name in list(above)).values())


def _told(feature: int, value: float) -> str:
    logarithm = feature < 5 or feature == 7
    return f"{np.expm1(value):.0f}" if logarithm else f"{value:.2f}"
