"""Strange windows made of ordinary ones: how well detectors tell them apart, without labels.

Of a window's events some are left out, exchanged with the next, doubled, or come from elsewhere
(`prepare/augment.py`), in a fifth of the windows of a kind that nobody ever saw: without these
detectors of what is new could forget all that they know and lose nothing. Edges join what was
never joined; a volume is another window's, and so are the times of events and what these say of
themselves, which features look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from models.base import UNKNOWN, Floats
from models.feature.windows import Window
from models.graph.edge import Edge, Graph
from models.prepare.augment import augmented, insert
from models.train.replay import average_precision

SHARE = 0.3
"""Share of a window's events that are changed, about."""
NEW = 0.2
"""Share of windows that are changed by events of a new kind."""


def made_up(windows: Sequence[Window], seed: int = 0) -> list[tuple[int, Window]]:
    """A strange window of each, with its place; those that chance left as they were are missing."""
    rng = np.random.default_rng(seed)
    events = list(augmented([each.events for each in windows], SHARE, seed=seed))
    graphs = _graphs([each.edges for each in windows], rng)
    others = rng.permutation(len(windows))
    found = []
    for at, window in enumerate(windows):
        if rng.random() < NEW:
            events[at] = insert(window.events, SHARE, rng, (UNKNOWN,))
        volume, other = window.volume, windows[int(others[at])]
        if volume is not None and other.volume is not None:
            volume = volume._replace(events=other.volume.events)
        strange = replace(window, events=events[at], edges=graphs[at], volume=volume,
                          times=other.times, signals=other.signals)  # fmt: skip
        if strange != window:
            found.append((at, strange))
    return found


def told_apart(normal: Floats, strange: Floats) -> float:
    """PR-AUC of scores of `strange` windows among those of `normal` ones; 1 where there are none"""
    return average_precision(normal, strange) if len(strange) else 1.0


def _graphs(graphs: Sequence[Graph], rng: Generator) -> list[Graph]:
    """Each graph with edges between a source and a target of the same kind that were not joined."""
    known = list(dict.fromkeys(edge for graph in graphs for edge in graph))
    number = {edge: at for at, edge in enumerate(known)}
    targets = [known[int(at)] for at in rng.permutation(len(known))]
    mixed = [
        Edge(edge.kind, edge.source, other.target)
        for edge, other in zip(known, targets, strict=True)
        if edge.kind == other.kind
    ]
    both = [*known, *(edge for edge in mixed if edge not in number)]
    new = tuple(range(len(known), len(both)))
    if not new:
        return list(graphs)
    numbers = [tuple(number[edge] for edge in graph) for graph in graphs]
    return [tuple(both[at] for at in insert(each, SHARE, rng, new)) for each in numbers]
