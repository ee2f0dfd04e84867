"""Counts by period: how many alerts of a rule fall into each hour, or day, of its events.

Periods are those of the calendar (UTC), so that the count does not depend on which event came
first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_PERIODS = 10_000
"""Periods of one source that are counted at a time; the oldest are let go of."""


@dataclass(slots=True)
class Period:
    """What came in a period of one counter. `start` and `length` are in microseconds.

    `passed` were let through, `count` held back, their events between `first` and `last`.
    `told` says that its end was told already.
    """

    start: int
    length: int
    passed: int = 0
    count: int = 0
    first: int = 0
    last: int = 0
    told: bool = False

    @property
    def end(self) -> int:
        """The first microsecond after it."""
        return self.start + self.length

    def hold(self, time: int) -> None:
        """Count one more that is held back."""
        self.first = min(self.first, time) if self.count else time
        self.last = max(self.last, time) if self.count else time
        self.count += 1


class Periods:
    """The periods of one source, by counter (a rule's id, say) and start."""

    def __init__(self, most: int = MAX_PERIODS) -> None:
        self.most = most
        self.evicted = 0
        self._periods: dict[tuple[str, int, int], Period] = {}

    def at(self, counter: str, length: int, time: int) -> Period:
        """The period of a counter that a time falls into."""
        start = time - time % length
        key = counter, length, start
        found = self._periods.get(key)
        if found is None:
            found = self._periods[key] = Period(start, length)
            if len(self._periods) > self.most:
                self._shrink()
        return found

    def _shrink(self) -> None:
        """Forget the earliest tenth; of those that held something back nobody has been told."""
        order = sorted(self._periods, key=lambda key: (key[2], key[0]))
        for key in order[: max(1, self.most // 10)]:
            gone = self._periods.pop(key)
            self.evicted += gone.count > 0 and not gone.told

    def due(self, end: int | None) -> list[tuple[str, Period]]:
        """Those that held something back, are over by `end` (None: all) and were not told."""
        found = [
            (key[0], period)
            for key, period in self._periods.items()
            if period.count and not period.told and (end is None or period.end <= end)
        ]
        return sorted(found, key=lambda item: (item[1].start, item[0]))

    def forget(self, end: int) -> None:
        """Let go of those that were over before `end`, and told where there was something."""
        for key, period in list(self._periods.items()):
            if period.end <= end and (period.told or not period.count):
                del self._periods[key]

    def __iter__(self) -> Iterator[tuple[str, Period]]:
        return ((key[0], period) for key, period in self._periods.items())

    def save(self) -> list[Any]:
        """All of them as JSON values."""
        return [
            [key, p.start, p.length, p.passed, p.count, p.first, p.last, p.told]
            for key, p in self
        ]  # fmt: skip

    def restore(self, saved: Iterable[Any]) -> None:
        """Go on from there."""
        self._periods = {(key, v[1], v[0]): Period(*v) for key, *v in saved}
