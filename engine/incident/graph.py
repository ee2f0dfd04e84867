"""Who and what stands in the middle of an incident: PageRank over its entities and parts.

A part (a rule or model) and an entity are tied where findings of the one are about the other, the
more findings the stronger, by the root of their number. A walker starts at the parts, at each as
often as it weighs, goes along ties, and now and then starts anew; where it is most often is the
middle. That is personalised PageRank (Page, Brin and others: The PageRank Citation Ranking, 1999;
Haveliwala: Topic-Sensitive PageRank, 2002). It says where to look first. Techniques and incidents
are not ranked by it: measured, that made both worse (docs/evaluation.md).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from engine.incident.entity import Entity
from engine.incident.incident import Incident

DAMPING = 0.85
"""The chance to go along a tie instead of starting anew, as its authors have it."""
CLOSE = 1e-9
"""The change of all shares together from which on they are taken as found."""
ROUNDS = 200

Graph = Mapping[Hashable, Mapping[Hashable, float]]
"""Node → its neighbours with the weight of the tie; the same from both ends."""


@dataclass(frozen=True, slots=True)
class Central:
    """An entity and the walker's share of time at it, among entities alone: 0 to 1."""

    entity: Entity
    share: float


def central(incident: Incident) -> list[Central]:
    """An incident's entities, the most central first; none where no ties were kept."""
    shares = pagerank(*_graph(incident))
    found = {node: share for node, share in shares.items() if isinstance(node, Entity)}
    whole = sum(found.values())
    if not whole:
        return []
    order = sorted(found, key=lambda entity: (-round(found[entity], 9), entity))
    return [Central(entity, found[entity] / whole) for entity in order]


def _graph(incident: Incident) -> tuple[Graph, dict[Hashable, float]]:
    """The ties of an incident, and how often the walker starts at each part."""
    ties: dict[Hashable, dict[Hashable, float]] = {}
    for (rule, entity), count in incident.ties.items():
        if rule in incident.parts:
            weight = math.sqrt(count)
            ties.setdefault(rule, {})[entity] = weight
            ties.setdefault(entity, {})[rule] = weight
    starts: dict[Hashable, float] = {
        rule: part.weight for rule, part in incident.parts.items() if rule in ties
    }
    return ties, starts


def pagerank(graph: Graph, starts: Mapping[Hashable, float]) -> dict[Hashable, float]:
    """The walker's share of time at each node; they sum to 1. Where all starts are 0, all are even.

    Each node must have a neighbour.
    """
    if not graph:
        return {}
    whole = sum(starts.values())
    begin = {node: starts.get(node, 0.0) / whole if whole else 1 / len(graph) for node in graph}
    degree = {node: sum(near.values()) for node, near in graph.items()}
    shares = dict(begin)
    for _ in range(ROUNDS):
        flow = {node: DAMPING * share / degree[node] for node, share in shares.items()}
        moved = {
            node: (1 - DAMPING) * begin[node]
            + sum(weight * flow[other] for other, weight in near.items())
            for node, near in graph.items()
        }
        change = sum(abs(moved[node] - shares[node]) for node in graph)
        shares = moved
        if change < CLOSE:
            break
    return shares
