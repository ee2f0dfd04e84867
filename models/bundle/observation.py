"""What a bundle is told of an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.feature.signal import Signals
from models.graph.edge import Graph
from models.template.event import CHOICES, FALLBACKS, MESSAGES

FIELDS: frozenset[str] = frozenset(
    {field for choice in (*CHOICES, *FALLBACKS) for field in choice} | {*MESSAGES}
)
"""The fields of an event that say what kind it is; a bundle looks at no others."""


@dataclass(frozen=True, slots=True)
class Observation:
    """An event: who it is about, when it was, and those of its flat fields that say its kind.

    `time` is in seconds since 1970, UTC. `edges` are what it adds to the graph of its window, for
    detectors that take these, `signals` what it says of itself, one number for each that the plan
    asks for.
    """

    entity: str
    time: float
    fields: Mapping[str, Any]
    edges: Graph = ()
    signals: Signals = ()
