"""Vectors that were made once are kept: by the text's hash, under the encoder's fingerprint."""

from __future__ import annotations

import os
import stat
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from models.base import Texts
from models.embed.encoder import Encoder, Vectors
from models.errors import StoreError
from models.store import LARGEST, pack, unpack

CAPACITY = 100_000
"""Vectors that are kept by default; of 384 columns they take 154 MB."""

FINGERPRINT, KEYS, VECTORS = "fingerprint", "keys", "vectors"
KEY = 16
"""Bytes of a text's hash: two texts of a trillion share one with a chance of 10⁻¹⁵."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class Cached:
    """An encoder that remembers. When it is full, what was met first goes."""

    def __init__(self, encoder: Encoder, capacity: int = CAPACITY) -> None:
        self.encoder = encoder
        self.capacity = capacity
        self.name, self.width = encoder.name, encoder.width
        self.fingerprint = encoder.fingerprint
        self._rows: dict[bytes, Vectors] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def encode(self, texts: Texts) -> Vectors:
        """Unit vectors (n, width); the encoder is asked once for each text that is new."""
        keys = [_key(text) for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._rows}
        made = dict(zip(new, self.encoder.encode(list(new.values())), strict=True)) if new else {}
        found = np.zeros((len(texts), self.width), dtype=np.float32)
        for at, key in enumerate(keys):
            found[at] = made[key] if key in made else self._rows[key]
        self._keep(made)
        return found

    def save(self, path: Path) -> None:
        """Write what is kept, for the owner alone; `StoreError` if that fails."""
        content = pack({
            FINGERPRINT: np.frombuffer(self.fingerprint.encode(), np.uint8),
            KEYS: np.frombuffer(b"".join(self._rows), np.uint8).reshape(-1, KEY),
            VECTORS: np.array(list(self._rows.values()), np.float32).reshape(-1, self.width),
        })  # fmt: skip
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with os.fdopen(os.open(partial, _CREATE, 0o600), "wb") as f:
                f.write(content)
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            why = error.strerror or error
            raise StoreError(f"cannot be written: {why}", str(path)) from error

    def load(self, path: Path) -> int:
        """Take up what `save` wrote and return how much; nothing of another encoder's.

        `StoreError` if it cannot be read, is damaged, or if others may have written it.
        """
        arrays = unpack(_owned(path), str(path))
        try:
            keys, vectors = arrays[KEYS], arrays[VECTORS]
            same = arrays[FINGERPRINT].tobytes() == self.fingerprint.encode()
        except KeyError as error:
            raise StoreError(f"lacks {error}", str(path)) from error
        if not same:
            return 0
        if not _fits(keys, vectors, self.width):
            raise StoreError("holds no vectors of this encoder", str(path))
        rows = vectors.astype(np.float32)
        self._keep({each.tobytes(): row for each, row in zip(keys, rows, strict=True)})
        return min(len(keys), self.capacity)

    def _keep(self, made: dict[bytes, Vectors]) -> None:
        self._rows |= made
        surplus = max(0, len(self._rows) - self.capacity)
        for key in list(islice(self._rows, surplus)):
            del self._rows[key]


def _key(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY).digest()


def _fits(keys: Any, vectors: Any, width: int) -> bool:
    return (
        keys.dtype == np.uint8
        and keys.shape == (len(vectors), KEY)
        and vectors.dtype == np.float32
        and vectors.shape == (len(vectors), width)
        and bool(np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3))
    )


def _owned(path: Path) -> bytes:
    """The content of a file that nobody but its owner could write."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            theirs = hasattr(os, "getuid") and (
                status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            )
            if theirs:
                raise StoreError("others may have written it", str(path))
            if status.st_size > LARGEST:
                raise StoreError(f"has more than {LARGEST:,} bytes", str(path))
            return file.read()
    except OSError as error:
        raise StoreError(f"cannot be read: {error.strerror or error}", str(path)) from error
