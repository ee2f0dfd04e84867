"""MiniLM through sentence-transformers and torch: on the GPU where there is one.

Reimers, Gurevych: Sentence-BERT (2019). On a GPU it works in bfloat16, whose vectors have a cosine
above 0.9999 with the full ones (measured on a CPU): good to fit on much; `MiniLM` is for scoring.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from models.base import Texts
from models.embed.encoder import Vectors, unit
from models.embed.minilm import LONGEST, fingerprint
from models.libraries import library

BATCH = {"cuda": 1024, "cpu": 32}
"""Texts in a batch, by device."""


class Sentence:
    """The encoder in a folder of sentence-transformers' layout; needs `vedette[ml]`."""

    def __init__(self, folder: Path, device: str | None = None, name: str = "minilm-torch") -> None:
        """`device` as torch names it; by default the GPU if there is one."""
        torch = library("torch")
        self.name, self.folder = name, folder
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._fast = self.device.startswith("cuda")
        self._model: Any = sentence_transformer(folder, self.device)
        if self._fast:
            self._model.to(torch.bfloat16)
        self.width = int(self._model[0].auto_model.config.hidden_size)

    @property
    def fingerprint(self) -> str:
        """A hash of the files, and of the precision that they are used in."""
        return fingerprint(self.folder, "torch-bf16-1" if self._fast else "torch-1")

    def encode(self, texts: Texts) -> Vectors:
        """Unit vectors (n, width)."""
        if not texts:
            return np.zeros((0, self.width), dtype=np.float32)
        found = self._model.encode(
            # Half of a surrogate pair is no text that the tokenizer's library takes.
            [text.encode("utf-8", "ignore").decode() for text in texts],
            batch_size=BATCH["cuda" if self._fast else "cpu"],
            convert_to_tensor=True,
            show_progress_bar=False,
        )
        return unit(found.float().cpu().numpy())


def sentence_transformer(folder: Path, device: str) -> Any:
    """The library's model of `folder`, from these files alone: nothing is fetched."""
    kind = library("sentence_transformers").SentenceTransformer
    logging = library("transformers").utils.logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        found = kind(str(folder), device=device, local_files_only=True, trust_remote_code=False)
    finally:
        if shown:
            logging.enable_progress_bar()
    found.max_seq_length = LONGEST
    return found
