"""Counters that others keep and that begin again: bytes read, record numbers, requests served.

After a restart or a log rotation such a number falls back to a small one. That is no negative rate:
what it counted since then is the number itself, as Prometheus's `increase` has it. A small step
back, on the other hand, is a value that came out of order: it adds nothing.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from models.base import Floats
from models.errors import DataError

RESTART = 0.5
"""Below this share of the highest value so far, a number has begun again."""


@dataclass(frozen=True, slots=True)
class Increase:
    """How much a counter grew, in how many seconds, and whether it began again meanwhile."""

    amount: float
    seconds: float
    restarted: bool

    @property
    def rate(self) -> float:
        """The growth a second; 0 if no time passed."""
        return self.amount / self.seconds if self.seconds > 0 else 0.0


class Counters:
    """The last value of each of at most `most` counters; the one unheard of longest goes first."""

    def __init__(self, most: int = 100_000) -> None:
        if most < 1:
            raise DataError("there must be room for one counter")
        self._most = most
        self._last: dict[Hashable, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._last)

    def update(self, entity: Hashable, time: float, value: float) -> Increase:
        """What the counter of `entity` grew by since it was last heard of; 0 the first time."""
        if not (np.isfinite(time) and np.isfinite(value)):
            raise DataError(f"a counter has the value {value} at {time}")
        if value < 0:
            raise DataError(f"a counter is never below 0, as {value} is")
        before = self._last.pop(entity, None)
        if before is None:
            if len(self._last) >= self._most:
                del self._last[next(iter(self._last))]
            self._last[entity] = (time, value)
            return Increase(0.0, 0.0, False)
        found, high = _increase(before, time, value)
        self._last[entity] = (max(before[0], time), high)
        return found


def increases(values: Floats) -> Floats:
    """What a counter grew by from each value to the next, an array (n,) that begins with 0."""
    counters = Counters(1)
    return np.array(
        [counters.update(0, float(at), float(value)).amount for at, value in enumerate(values)]
    )


def _increase(before: tuple[float, float], time: float, value: float) -> tuple[Increase, float]:
    """The increase, and the highest value since the counter last began."""
    seconds = max(0.0, time - before[0])
    if value >= before[1]:
        return Increase(value - before[1], seconds, False), value
    if value < RESTART * before[1]:
        return Increase(value, seconds, True), value
    return Increase(0.0, seconds, False), before[1]
