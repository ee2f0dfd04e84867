"""N-grams of the texts of a window's kinds, weighted (`models/feature/tfidf.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from models.base import Floats, State
from models.bundle.columns.base import Columns
from models.explain.words import short
from models.feature.tfidf import TfIdf
from models.feature.windows import Window

GRAMS = 256
"""Columns of n-grams at most: rows are dense."""
LONGEST = 64
"""Characters of a word that are shown."""


class Grams(Columns):
    """The n-grams of the texts of a window's kinds, each kind once; new kinds have no text here."""

    scaled: ClassVar[bool] = False

    def __init__(self, kind: str, texts: Sequence[str]) -> None:
        """`kind` is "word" or "character"; `texts` are those of the events from 1 on."""
        self.kind, self.texts = kind, texts
        self.weights = self._new()
        self._known: dict[int, Floats] = {}

    def _new(self) -> TfIdf:
        low, high = (1, 2) if self.kind == "word" else (3, 5)
        return TfIdf(self.kind, low, high, GRAMS)

    def fit(self, windows: Sequence[Window]) -> None:
        """Learn which n-grams there are in the kinds that the windows have."""
        kinds = sorted({event for each in windows for event in each.events if self._has(event)})
        self._known, self.weights = {}, self._new()
        if kinds:
            self.weights.fit([self.texts[event - 1] for event in kinds])

    def rows(self, windows: Sequence[Window]) -> Floats:
        """The sum over the kinds of each, brought to length 1."""
        found = np.zeros((len(windows), len(self.weights.grams())))
        for row, window in zip(found, windows, strict=True):
            for event in sorted({event for event in window.events if self._has(event)}):
                row += self._of(event)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        np.divide(found, lengths, out=found, where=lengths > 0)
        return found

    def _of(self, event: int) -> Floats:
        known = self._known.get(event)
        if known is None:
            known = self._known[event] = self.weights.transform([self.texts[event - 1]])[0]
        return known

    def _has(self, event: int) -> bool:
        return 0 < event <= len(self.texts)

    def groups(self) -> list[int]:
        """Each for itself."""
        return list(range(len(self.weights.grams())))

    def named(self, column: int) -> str:
        """The n-gram, its words apart."""
        gram = self.weights.grams()[column]
        if self.kind == "character":
            return f"letters “{gram}”"
        return " before ".join(f"“{short(word, LONGEST)}”" for word in gram.split(" "))

    def said(self, group: int, here: Floats, usually: Floats) -> str:
        """What it weighs."""
        return f"{self.named(group)} in texts weighs {here[0]:.2g}, usually {usually[0]:.2g}"

    def lacking(self, windows: Sequence[Window]) -> str | None:  # noqa: ARG002 # as its base
        """No text has an n-gram."""
        if self.weights.grams():
            return None
        return f"no text of an event has a {self.kind}: {self.kind}s say nothing"

    def state(self) -> State:
        """The n-grams and their weights."""
        return self.weights.state()

    def restored(self, state: State) -> None:
        """Take them up."""
        self.weights, self._known = TfIdf.restore(state), {}
