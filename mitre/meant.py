"""Which tactics a text is about: what its own regression says of them, and what its techniques do.

A technique may serve several tactics, and a rule's tags say which of them is meant. So tactics are
learned like techniques, beside them; and a technique counts for each of its tactics as often as
known texts with both say so. A logistic regression makes one confidence of the two.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from mitre.candidates import Doubles, Labels
from mitre.ridge import Floats

SMOOTH = 1.0
"""Texts that each technique is thought to have besides, with all of its tactics meant alike."""

FEATURES = 3


class Meant:
    """Weighs the tactics of a text, by its regression's scores and its techniques."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._together = labels.wanted.T @ labels.meant

    def __call__(
        self, ridge: Floats, found: NDArray[np.intp], chance: Doubles, own: Collection[int] = ()
    ) -> Doubles:
        """Features (tactics, FEATURES).

        `ridge` (tactics,) are the regression's scores, `found` (m,) the techniques that come into
        question and `chance` (m,) how likely each is. Where the text is a known one, `own` are its
        rows, whose labels then say nothing.
        """
        together = self._together[found]
        for row in own:
            together = together - np.outer(self._labels.wanted[row, found], self._labels.meant[row])
        serves = self._labels.tactics[found]
        share = together * serves + SMOOTH * _shared(serves)
        mass = chance @ _shared(share)
        best = float((mass + ridge).max())
        return np.column_stack([mass, ridge, np.full(len(mass), best)])


def _shared(rows: Floats) -> Floats:
    """Rows of sum 1; of zeros where there is nothing."""
    return np.asarray(rows / np.maximum(1e-9, rows.sum(axis=1, keepdims=True)), dtype=np.float32)
