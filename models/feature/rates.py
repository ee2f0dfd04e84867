"""How much there was: counts an entity and window of time, and figures of each session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from models.base import UNKNOWN, Floats
from models.errors import DataError
from models.feature.windows import Window

MOST_WINDOWS = 1_000_000
MOST_COUNTS = 50_000_000
"""Windows that a series may have, and all series together."""

NAMES = (
    "log events",
    "log seconds",
    "events per second",
    "distinct share",
    "entropy",
    "unknown share",
    "longest repeat",
)


@dataclass(frozen=True, slots=True)
class Series:
    """Counts of one entity, one for each window of `width` seconds from `start` on."""

    start: float
    width: float
    counts: Floats

    def rates(self) -> Floats:
        """Events a second in each window."""
        return self.counts / self.width


def counts(
    entities: Sequence[Hashable],
    times: Sequence[float] | Floats,
    width: float,
    start: float | None = None,
    end: float | None = None,
) -> dict[Hashable, Series]:
    """The counts of each entity in windows of `width` seconds, quiet ones as 0.

    All series begin with the window of `start` and end with that before `end`: by default those of
    the first and last event of all. Windows begin at multiples of `width`. Events outside are left
    out. Detectors of series take `series.counts`.
    """
    moments = np.asarray(times, dtype=np.float64)
    if len(entities) != len(moments):
        raise DataError(f"{len(entities)} entities do not go with {len(moments)} times")
    if not np.isfinite(moments).all() or not width > 0:
        raise DataError("times must be finite, and the width more than 0")
    if not len(moments):
        return {}
    numbers = np.floor(moments / width)
    first = np.floor((moments.min() if start is None else start) / width)
    after = numbers.max() + 1 if end is None else np.ceil(end / width)
    if after - first > MOST_WINDOWS:
        raise DataError(f"{after - first:,.0f} windows are too many: make them wider")
    found: dict[Hashable, Floats] = {}
    size = max(0, int(after - first))
    for entity, number in zip(entities, (numbers - first).tolist(), strict=True):
        if not 0 <= number < size:
            continue
        if entity not in found:
            if (len(found) + 1) * size > MOST_COUNTS:
                raise DataError(f"{size:,} windows of so many entities are too many")
            found[entity] = np.zeros(size)
        found[entity][int(number)] += 1
    return {e: Series(float(first * width), float(width), row) for e, row in found.items()}


def session_figures(windows: Sequence[Window]) -> Floats:
    """An array (n, 7), its columns named by `NAMES`, of windows and sessions.

    Logarithms are ln(1 + x); the rate counts a session as one second long at least; the entropy of
    the events is in nats, 0 if all are the same; the longest repeat is the share of the session
    that its longest run of one event has.
    """
    rows = [_figures(window) for window in windows]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES))


def _figures(window: Window) -> list[float]:
    events = window.events
    if not events:
        return [0.0] * len(NAMES)
    size, seconds = len(events), max(0.0, window.end - window.start)
    found = Counter(events)
    shares = np.array(list(found.values())) / size
    return [
        float(np.log1p(size)),
        float(np.log1p(seconds)),
        size / max(seconds, 1.0),
        len(found) / size,
        float(max(0.0, -(shares * np.log(shares)).sum())),
        found[UNKNOWN] / size,
        _longest_run(events) / size,
    ]


def _longest_run(events: Sequence[int]) -> int:
    longest = run = 0
    before: int | None = None
    for event in events:
        run = run + 1 if event == before else 1
        longest, before = max(longest, run), event
    return longest
