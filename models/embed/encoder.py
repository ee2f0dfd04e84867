"""The contract of an encoder: texts in, vectors of unit length out."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models.base import Texts

Vectors: TypeAlias = NDArray[np.float32]


@runtime_checkable
class Encoder(Protocol):
    """Makes a vector of each text; the same text gives the same one."""

    @property
    def name(self) -> str:
        """What configurations and explanations call it."""

    @property
    def width(self) -> int:
        """The number of columns."""

    @property
    def fingerprint(self) -> str:
        """A hash of all that its vectors depend on: weights, vocabulary, way of working."""

    def encode(self, texts: Texts) -> Vectors:
        """Rows of unit length, shape (n, width), finite for whatever text."""


def unit(rows: NDArray[Any]) -> Vectors:
    """`rows` at unit length; one that is all zeros becomes the first axis."""
    rows = np.array(rows, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    empty = lengths[:, 0] < np.finfo(np.float32).tiny
    rows[empty], lengths[empty] = 0.0, 1.0
    rows[empty, :1] = 1.0
    return np.asarray(rows / lengths, dtype=np.float32)
