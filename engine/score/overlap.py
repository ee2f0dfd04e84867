"""Windows that overlap have the same events: which of them are told.

A window is not told where one of the same entity that it overlaps was, unless it is a hundred times
as strange, which is what makes an anomaly grave (`risk.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

STRANGER = math.log(100)


class Overlaps:
    """What was told of windows that last `length` seconds."""

    def __init__(self, length: float) -> None:
        self.length = length
        self._told: dict[str, list[tuple[float, float]]] = {}
        """Of each entity the starts of windows, and the logarithm of p."""

    def known(self, entity: str, start: float, log_p: float) -> bool:
        """Whether a window that this one overlaps was told, and is about as strange."""
        return any(
            abs(start - other) < self.length and log_p > known - STRANGER
            for other, known in self._told.get(entity, ())
        )

    def add(self, entity: str, start: float, log_p: float) -> None:
        """A window is told."""
        self._told.setdefault(entity, []).append((start, log_p))

    def forget(self, before: float) -> None:
        """Let go of what no window overlaps that begins at `before` or later."""
        for entity, told in list(self._told.items()):
            left = [each for each in told if each[0] + self.length > before]
            if left:
                self._told[entity] = left
            else:
                del self._told[entity]

    def save(self) -> list[list[Any]]:
        """As JSON values."""
        return [[entity, start, p] for entity, told in self._told.items() for start, p in told]

    def restore(self, saved: Iterable[Sequence[Any]]) -> None:
        """What was saved, in the place of what is there."""
        self._told = {}
        for entity, start, log_p in saved:
            self.add(str(entity), float(start), float(log_p))
