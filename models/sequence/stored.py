"""A trained transformer as a `State`, and back, with everything in it checked."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.base import Arrays, State
from models.errors import DataError, StoreError
from models.sequence.forward import Shape, sizes


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights with their shape, and how they came about (`train.loop.Run.summary`)."""

    shape: Shape
    weights: Arrays
    training: dict[str, Any]


def state(parameters: dict[str, Any], facts: dict[str, Any], trained: Trained) -> State:
    """`trained` beside the detector's own `parameters` and `facts`."""
    told = {"shape": asdict(trained.shape), "training": trained.training}
    return State(parameters, facts | told, dict(trained.weights))


def restore(of: State, vocabulary: Sized) -> Trained:
    """What `state` was given; `StoreError` unless all has the shape that is told."""
    try:
        shape = Shape(**of.facts["shape"])
    except (TypeError, DataError) as error:
        raise StoreError(f"the shape of the network is not understood: {error}") from error
    if shape.tokens != len(vocabulary):
        raise StoreError(f"{len(vocabulary)} tokens are named, {shape.tokens} are known")
    return Trained(shape, checked(of.arrays, sizes(shape)), dict(of.facts["training"]))


def checked(arrays: Arrays, wanted: dict[str, tuple[int, ...]]) -> Arrays:
    """Those of `arrays` that are `wanted`; `StoreError` names one that is missing or unfit."""
    for name, size in wanted.items():
        if name not in arrays or arrays[name].shape != size:
            raise StoreError(f"array {name!r} is missing, or not of the shape {size}")
        if arrays[name].dtype != np.float32 or not np.isfinite(arrays[name]).all():
            raise StoreError(f"array {name!r} does not hold finite numbers of 32 bits")
    return {name: arrays[name] for name in wanted}
