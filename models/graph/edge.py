"""Edges as detectors of graphs take them, and what is counted of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.errors import StoreError

LONGEST = 256
"""Characters of a name that tell one thing from another."""


class Edge(NamedTuple):
    """Something did something with something: of a kind such as `user-host`, from one to another.

    Kinds that say much of intrusions: host and user, parent program and program, host and remote
    address, user and program.
    """

    kind: str
    source: str
    target: str


Graph = tuple[Edge, ...]
"""The edges of one window of time, as often as each came."""
Graphs = Sequence[Graph]


def known(edge: Edge) -> Edge:
    """The edge with names of bounded length, in a form that every store can hold."""
    return Edge(*(name[:LONGEST].encode("utf-8", "replace").decode() for name in edge))


def packed(counts: Counter[Edge]) -> dict[str, NDArray[Any]]:
    """Counted edges as arrays: UTF-8 text with the ends of each name, and the counts."""
    edges = sorted(counts)
    names = [name.encode() for edge in edges for name in edge]
    return {
        "text": np.frombuffer(b"".join(names), dtype=np.uint8).copy(),
        "ends": np.cumsum([len(name) for name in names], dtype=np.int64),
        "counts": np.array([counts[edge] for edge in edges], dtype=np.int64),
    }


def unpacked(arrays: Any) -> Counter[Edge]:
    """What `packed` made arrays of; `StoreError` if they are none of its making."""
    text, ends, counts = (arrays[name] for name in ("text", "ends", "counts"))
    raw, bounds = text.tobytes(), [0, *ends.tolist()]
    try:
        names = [raw[a:b].decode() for a, b in pairwise(bounds)]
        edges = [Edge(*names[at : at + 3]) for at in range(0, len(names), 3)]
        return Counter(dict(zip(edges, counts.tolist(), strict=True)))
    except (UnicodeDecodeError, TypeError, ValueError) as error:
        raise StoreError(f"holds no edges: {error}") from error
