"""MiniLM through sentence-transformers and torch: on the GPU where there is one.

Reimers, Gurevych: Sentence-BERT (2019). On a GPU it works in bfloat16, whose vectors have a cosine
above 0.9999 with the full ones (measured on a CPU): good to fit on much; `MiniLM` is for scoring.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        self._words: Any = self._model.tokenizer.backend_tokenizer
        self._words.enable_truncation(LONGEST)
        self._words.no_padding()
        self.width = int(self._model[0].auto_model.config.hidden_size)

    @property
    def fingerprint(self) -> str:
        """A hash of the files, and of the precision that they are used in."""
        return fingerprint(self.folder, "torch-bf16-1" if self._fast else "torch-1")

    def encode(self, texts: Texts) -> Vectors:
        """Unit vectors (n, width)."""
        if not texts:
            return np.zeros((0, self.width), dtype=np.float32)
        torch = library("torch")
        # Half of a surrogate pair is no text that the tokenizer's library takes.
        clean = [text.encode("utf-8", "ignore").decode() for text in texts]
        # All at once, by the library's own threads; texts of like length together: little padding.
        pieces = [np.array(each.ids) for each in self._words.encode_batch_fast(clean)]
        order = np.argsort([len(each) for each in pieces], kind="stable")
        size = BATCH["cuda" if self._fast else "cpu"]
        found = np.empty((len(texts), self.width), dtype=np.float32)
        with torch.inference_mode():
            # None is asked for before all are under way: the GPU need not wait.
            made = [
                (places, self._batch([pieces[at] for at in places]))
                for places in np.split(order, range(size, len(order), size))
            ]
        for places, vectors in made:
            found[places] = vectors.float().cpu().numpy()
        return unit(found)

    def _batch(self, pieces: Sequence[NDArray[np.int64]]) -> Any:
        """Vectors (n, width) of texts in word pieces, on the device."""
        shape = (len(pieces), max(map(len, pieces)))
        numbers, seen = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for at, each in enumerate(pieces):
            numbers[at, : len(each)], seen[at, : len(each)] = each, 1
        given = {"input_ids": numbers, "token_type_ids": 0 * numbers, "attention_mask": seen}
        as_tensor = library("torch").as_tensor
        on = {name: as_tensor(each, device=self.device) for name, each in given.items()}
        return self._model(on)["sentence_embedding"]


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
