"""When alerts happened, in a bounded number of buckets that widen as the span grows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from vedette.output.levels import LEVELS, rank

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
WIDTHS = (
    *(1, 5, 10, 30, _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 7 * _DAY, 28 * _DAY, 364 * _DAY),
    *(3640 * _DAY, 36400 * _DAY),
)
"""Bucket widths in seconds. Each divides the next, so widening never splits a bucket."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The alerts from `start` (seconds since 1970) for the timeline's width, by level rank."""

    start: int
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All alerts of the bucket."""
        return sum(self.counts)


class Timeline:
    """Alerts over time by level. Only buckets with alerts are held, at most `keep` of them."""

    def __init__(self, keep: int = 2048) -> None:
        self.keep = keep
        self.undated = 0
        self._step = 0
        self._cells: dict[int, list[int]] = {}

    @property
    def width(self) -> int:
        """Seconds that one bucket spans now."""
        return WIDTHS[self._step]

    def add(self, when: datetime | None, level: str) -> None:
        """Count one alert of `level` at `when` (None: the event has no time)."""
        if when is None:
            self.undated += 1
            return
        start = int((when - _EPOCH).total_seconds() // self.width) * self.width
        cell = self._cells.setdefault(start, [0] * len(LEVELS))
        cell[min(rank(level), len(LEVELS) - 1)] += 1
        while len(self._cells) > self.keep and self._step + 1 < len(WIDTHS):
            self._step += 1
            self._cells = merged(self._cells, self.width)

    def buckets(self, width: int | None = None) -> list[Bucket]:
        """The buckets with alerts, oldest first, at `width` (one of `WIDTHS`, not narrower)."""
        cells = merged(self._cells, max(width or 0, self.width))
        return [Bucket(start, tuple(cells[start])) for start in sorted(cells)]

    def __iter__(self) -> Iterator[Bucket]:
        return iter(self.buckets())


def merged(cells: dict[int, list[int]], width: int) -> dict[int, list[int]]:
    """The same counts in wider buckets."""
    wider: dict[int, list[int]] = {}
    for start, counts in cells.items():
        into = wider.setdefault(start // width * width, [0] * len(LEVELS))
        for index, count in enumerate(counts):
            into[index] += count
    return wider
