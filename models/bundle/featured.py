"""Detectors of vectors, asked about windows by the features of the plan.

Why one is strange is told as `counted.py` does where they look at counts alone: by Shapley values
against usual windows, here of the features that matter most.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models.base import Detector, Floats, Reason
from models.bundle.counted import places
from models.bundle.features import Features
from models.bundle.shares import shares
from models.cluster.clustering import Clustering
from models.feature.windows import Window

BLOCK = 4_096
"""Windows whose rows are made together, which bounds memory."""
_COLUMN = re.compile(r"\bcolumn (\d+)\b")


class Featured:
    """A detector of vectors, asked about windows.

    `features` say what their rows are, in a scale that was learned, `usual` are rows of ordinary
    windows; without them, and for clusters, reasons are the detector's own.
    """

    def __init__(
        self, inner: Detector[Any], features: Features, usual: Floats | None = None
    ) -> None:
        self.inner, self.features, self.usual = inner, features, usual

    @property
    def events(self) -> int:
        """How many kinds of events it knows."""
        return len(self.features.texts)

    def fit(self, data: Sequence[Window]) -> Featured:
        """Learn the rows."""
        self.inner.fit(self.features.rows(data))
        return self

    def score(self, data: Sequence[Window]) -> Floats:
        """What the detector says of each window."""
        parts = [
            self.inner.score(self.features.rows(data[at : at + BLOCK]))
            for at in range(0, len(data), BLOCK)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def explain(self, data: Sequence[Window], at: int, most: int = 3) -> list[Reason]:
        """What its features add to the score; which cluster is near, where it is about clusters."""
        rows = self.features.rows([data[at]])
        found: list[Reason] = []
        if self.usual is not None and not isinstance(self.inner, Clustering):
            found = self._shares(rows[0], self.usual)
        return found[:most] or [self._named(each) for each in self.inner.explain(rows, 0, most)]

    def _shares(self, row: Floats, usual: Floats) -> list[Reason]:
        middle, total = np.median(usual, axis=0), float(self.inner.score(row[None])[0])
        found = []
        for group, value in shares(self.inner.score, row, usual, self.features.groups):
            name, said = self.features.said(group, row, middle)
            text = f"{said}: {value:.3g} of a score of {total:.3g}"
            found.append(Reason(name, value, text))
        return found

    def _named(self, reason: Reason) -> Reason:
        """A reason about a column, as one about its feature."""
        feature, text = (
            _COLUMN.sub(lambda found: self.features.named(int(found[1])), each)
            for each in (reason.feature, reason.text)
        )
        return replace(reason, feature=feature, text=text)


def usual(features: Features, windows: Sequence[Window]) -> Floats:
    """The rows of a few of `windows`, evenly drawn in their order."""
    return features.rows([windows[at] for at in places(len(windows))])
