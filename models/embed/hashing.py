"""Vectors of hashed character n-grams: needs no model file, knows nothing of meaning.

Weinberger, Dasgupta, Langford, Smola, Attenberg: Feature Hashing for Large Scale Multitask Learning
(2009). Texts that share most of their letters lie close together; synonyms do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.base import Texts
from models.embed.encoder import Vectors, unit
from models.store import sha256

_FACTOR = np.uint64(0x100000001B3)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


class Hashing:
    """Counts of the character n-grams of each text, hashed into `width` columns with a sign.

    A count c weighs √c. `shortest` and `longest` are the lengths of the n-grams, in bytes of UTF-8.
    """

    name = "hashing"

    def __init__(self, width: int = 384, shortest: int = 3, longest: int = 5) -> None:
        self.width = width
        self._sizes = range(shortest, longest + 1)

    @property
    def fingerprint(self) -> str:
        """A hash of the parameters."""
        return sha256(f"hashing-1 {self.width} {self._sizes}".encode())

    def encode(self, texts: Texts) -> Vectors:
        """Unit vectors (n, width)."""
        rows = [self._row(text) for text in texts]
        return unit(np.array(rows).reshape(len(rows), self.width))

    def _row(self, text: str) -> NDArray[np.float64]:
        words = " ".join(text.lower().split())
        content = f" {words} ".encode("utf-8", "surrogatepass") if words else b""
        letters = np.frombuffer(content, np.uint8).astype(np.uint64)
        row = np.zeros(self.width)
        hashes = _mixed(letters, self._sizes)
        if len(hashes):
            distinct, counts = np.unique(hashes, return_counts=True)
            columns = (distinct >> np.uint64(1)) % np.uint64(self.width)
            signs = np.where(distinct & np.uint64(1), 1.0, -1.0)
            np.add.at(row, columns.astype(np.intp), signs * np.sqrt(counts))
        return row


def _mixed(letters: NDArray[np.uint64], sizes: range) -> NDArray[np.uint64]:
    """A hash of each n-gram of each size."""
    found = []
    for size in sizes:
        count = len(letters) - size + 1
        if count < 1:
            break
        each = np.full(count, size, dtype=np.uint64)
        for at in range(size):
            each = each * _FACTOR + letters[at : at + count]
        for factor in _MIX:
            each = (each ^ (each >> np.uint64(31))) * factor
        found.append(each ^ (each >> np.uint64(29)))
    return np.concatenate(found) if found else np.zeros(0, np.uint64)
