"""Texts compared by an encoder's vectors."""

from __future__ import annotations

from typing import Self

import numpy as np

from mitre.ridge import Floats


class Dense:
    """Unit vectors about their mean: what all texts share says nothing."""

    def __init__(self, vectors: Floats, mean: Floats) -> None:
        """`vectors` (n, width) are already centred, `mean` (width,) is what was taken away."""
        self.vectors, self.mean, self.count = vectors, mean, len(vectors)

    @classmethod
    def of(cls, vectors: Floats) -> Self:
        """From an encoder's rows, (n, width)."""
        mean = np.asarray(vectors.mean(axis=0), dtype=np.float32)
        return cls(_unit(vectors - mean), mean)

    def like(self, vector: Floats) -> Floats:
        """The cosine of an encoder's vector (width,) with each row, (n,); none below 0."""
        near = self.vectors @ _unit((vector - self.mean)[None])[0]
        return np.asarray(np.maximum(0.0, near), dtype=np.float32)

    def gram(self) -> Floats:
        """The cosine of each row with each, as `like` gives it."""
        return np.asarray(np.maximum(0.0, self.vectors @ self.vectors.T), dtype=np.float32)


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)
