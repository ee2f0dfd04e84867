"""What a training run leaves behind: enough to know what a model came from, and to do it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from models.base import Detector, Json


def data_hash(data: Any) -> str:
    """The SHA-256 of training data of any kind that detectors take, in their order."""
    digest = hashlib.sha256()
    if isinstance(data, np.ndarray):
        array = np.ascontiguousarray(data, dtype=np.float64)
        digest.update(json.dumps(["array", *array.shape]).encode())
        digest.update(array.tobytes())
        return digest.hexdigest()
    for line in _lines(data):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def record(
    model: Detector[Any],
    data: Any,
    code_version: str,
    metrics: Mapping[str, Json],
    sha256: str | None = None,
) -> dict[str, Json]:
    """The `training` of a manifest (`store.save`): data, code, parameters, run and metrics.

    `code_version` is the caller's: this package does not know in which version it is. `sha256` is
    the `data_hash`, where that is known already.
    """
    state = model.state()
    return {
        "data": {"sha256": sha256 or data_hash(data), "count": len(data)},
        "code_version": code_version,
        "parameters": dict(state.parameters),
        "run": dict(state.facts.get("training", {})),
        "metrics": dict(metrics),
    }


def _lines(data: Iterable[Any]) -> Iterable[str]:
    # JSON keeps what is in an item from looking like the border between two.
    for item in data:
        yield json.dumps(item, default=int)  # an integer of NumPy's is one, too
