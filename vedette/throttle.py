"""How many messages of one kind are logged: an input with a million bad lines fills no disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

MOST = 20
"""Messages of a kind that pass in a period."""

PERIOD = 60.0
"""Seconds."""


class Throttle:
    """Lets so many messages of a kind pass in a period, and counts the others; for any thread."""

    def __init__(
        self,
        *,
        most: int = MOST,
        period: float = PERIOD,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most, self.period = most, period
        self._clock, self._lock = clock, Lock()
        self._began: dict[str, float] = {}
        self._seen: dict[str, int] = {}

    def take(self, kind: str) -> tuple[int, int]:
        """Count one: its number in the period, and how many did not pass in the period before it.

        The second is told once, with the first message of a new period.
        """
        with self._lock:
            now, held = self._clock(), 0
            if now - self._began.get(kind, now - self.period) >= self.period:
                held = max(0, self._seen.get(kind, 0) - self.most)
                self._began[kind], self._seen[kind] = now, 0
            self._seen[kind] += 1
            return self._seen[kind], held
