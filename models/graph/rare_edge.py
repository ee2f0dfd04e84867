"""Windows with edges that training never had, or seldom."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Self

import numpy as np

from models.base import Detector, Floats, Reason, State, Takes, by_distinct, some
from models.graph.edge import Edge, Graph, Graphs, known, packed, unpacked

MOST = 50
"""Edges of a window that add to its score: the next would add nothing that a float holds."""


class RareEdge(Detector[Graphs]):
    """The surprise of a window's most surprising edges: how unlikely each end makes the other.

    An edge's probability is that of its target given its source and kind, by Witten and Bell: a
    source that met many different targets in training is expected to meet new ones, one that always
    met the same is not. What is left for new targets is shared by how common the target is. Of the
    surprises (-ln p) of different edges the largest counts in full, the next half, a quarter …
    """

    name: ClassVar[str] = "rare-edge"
    takes: ClassVar[Takes] = Takes.EDGES
    source: ClassVar[str] = (
        "Bowman and others: Detecting Lateral Movement in Enterprise Computer Networks with "
        "Unsupervised Graph AI (2020), for edges; Witten and Bell: The Zero-Frequency Problem "
        "(1991), for what is left to new ones"
    )

    def __init__(self) -> None:
        self._edges: Counter[Edge] = Counter()
        self._index()

    def _index(self) -> None:
        """Sums of the counts, by source and by target."""
        self._from: Counter[tuple[str, str]] = Counter()
        self._different: Counter[tuple[str, str]] = Counter()
        self._to: Counter[tuple[str, str]] = Counter()
        self._all: Counter[str] = Counter()
        self._targets: Counter[str] = Counter()
        for edge, count in self._edges.items():
            self._from[edge.kind, edge.source] += count
            self._different[edge.kind, edge.source] += 1
            self._targets[edge.kind] += (edge.kind, edge.target) not in self._to
            self._to[edge.kind, edge.target] += count
            self._all[edge.kind] += count

    def fit(self, data: Graphs) -> Self:
        """Count the edges of the windows."""
        some(data)
        self._edges = Counter()
        return self.partial_fit(data)

    def partial_fit(self, data: Graphs) -> Self:
        """Count those of more windows beside them."""
        for graph in data:
            self._edges.update({known(edge) for edge in graph})
        self._index()
        return self

    def score(self, data: Graphs) -> Floats:
        """The surprise of each window."""
        return by_distinct(
            data, lambda distinct: np.array([self._score(graph) for graph in distinct])
        )

    def explain(self, data: Graphs, at: int, most: int = 3) -> list[Reason]:
        """The most surprising edges."""
        found = [self._reason(s, edge) for s, edge in self._surprises(data[at])[:most]]
        return found or [Reason("no edge", 0.0, "the window has no edges")]

    def surprise(self, edge: Edge) -> float:
        """-ln of the probability of an edge's target, given its kind and source."""
        own = self._from[edge.kind, edge.source]
        different = self._different[edge.kind, edge.source]
        everywhere = self._all[edge.kind]
        targets = self._targets[edge.kind]
        common = (self._to[edge.kind, edge.target] + 1) / (everywhere + targets + 1)
        if not own:  # a source that training never had says nothing of its targets
            return float(-np.log(common / (everywhere + 2)))
        p = (self._edges[edge] + different * common) / (own + different)
        return float(-np.log(p))

    def state(self) -> State:
        """The counts of all edges."""
        return State({}, {}, packed(self._edges))

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._edges = unpacked(state.arrays)
        made._index()
        return made

    def _score(self, graph: Graph) -> float:
        surprises = self._surprises(graph)[:MOST]
        return float(sum(s / 2.0**place for place, (s, _) in enumerate(surprises)))

    def _surprises(self, graph: Graph) -> list[tuple[float, Edge]]:
        found = [(self.surprise(edge), edge) for edge in {known(edge) for edge in graph}]
        return sorted(found, key=lambda pair: (-pair[0], pair[1]))

    def _reason(self, surprise: float, edge: Edge) -> Reason:
        seen, own = self._edges[edge], self._from[edge.kind, edge.source]
        if not own:
            told = "of a source that training never had"
        elif not seen:
            others = self._different[edge.kind, edge.source]
            told = f"never came before; the source had {others:,} others"
        else:
            told = f"came in {seen:,} windows of training"
        text = f"{edge.kind}: {edge.source} → {edge.target} {told}"
        return Reason(edge.kind, surprise, text)
