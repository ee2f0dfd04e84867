"""Where the state of correlations is kept: inside the checkpoints that it belongs to.

A checkpoint and the state that goes with it are one value in the store, and so one write. A
pipeline may have several sources, each with a checkpoint of its own; every commit carries the
whole state, and the one that was saved last counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.ports import Checkpoint

KEY = "vedette.correlation"


def without_state(checkpoint: Checkpoint | None, key: str = KEY) -> Checkpoint | None:
    """The checkpoint as its source wrote it; another state may be kept by another `key`."""
    if checkpoint is None or key not in checkpoint:
        return checkpoint
    return {name: value for name, value in checkpoint.items() if name != key}


def with_state(
    checkpoint: Checkpoint, number: int, state: Mapping[str, Any], key: str = KEY
) -> Checkpoint:
    """The checkpoint with a state inside; of several states the highest number is the last."""
    return {**checkpoint, key: {"number": number, "state": dict(state)}}


def newest(
    checkpoints: Iterable[Checkpoint | None], key: str = KEY
) -> tuple[int, Mapping[str, Any]] | None:
    """The state that was saved last, with its number."""
    found = [kept for c in checkpoints if c and isinstance(kept := c.get(key), Mapping)]
    states = [(kept["number"], kept["state"]) for kept in found]
    return max(states, key=lambda item: item[0], default=None)
