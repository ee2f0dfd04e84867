"""The least and the greatest number of a window, as events come and go."""

from __future__ import annotations

from bisect import bisect_left, insort

from engine.correlate.condition import Number
from engine.correlate.hit import Hit


class Least:
    """The least number."""

    def __init__(self) -> None:
        self._sorted: list[int | float] = []

    def add(self, hit: Hit) -> None:
        """Put its numbers in."""
        for value in hit.values:
            insort(self._sorted, value)

    def remove(self, hit: Hit) -> None:
        """Take its numbers out."""
        for value in hit.values:
            del self._sorted[bisect_left(self._sorted, value)]

    def value(self) -> Number | None:
        """The number; None when there is none."""
        return self._sorted[0] if self._sorted else None


class Greatest(Least):
    """The greatest number."""

    def value(self) -> Number | None:
        """The number; None when there is none."""
        return self._sorted[-1] if self._sorted else None
