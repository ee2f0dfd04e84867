"""Figures of windows and sessions: how much there was, how fast, and how alike it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from models.base import UNKNOWN, Floats
from models.feature.windows import Window

NAMES = (
    "log events",
    "log seconds",
    "log rate",
    "distinct share",
    "entropy",
    "unknown share",
    "longest repeat",
)


def session_figures(windows: Sequence[Window]) -> Floats:
    """An array (n, 7), its columns named by `NAMES`, of windows and sessions.

    Logarithms are ln(1 + x). Seconds are those from the first event to the last; the rate, events a
    second, counts a session as one second long at least; the entropy of the events is in nats, 0 if
    all are the same; the longest repeat is the share of the session that its longest run of one
    event has. Events over the bound of a window count for `log events` alone.
    """
    rows = [_figures(window) for window in windows]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES))


def _figures(window: Window) -> list[float]:
    events = window.events
    if not events:
        return [0.0] * len(NAMES)
    size = len(events)
    first, last = (
        (window.times[0], window.times[-1]) if window.times else (window.start, window.end)
    )
    seconds = max(0.0, last - first)
    found = Counter(events)
    shares = np.array(list(found.values())) / size
    return [
        float(np.log1p(size + window.over)),
        float(np.log1p(seconds)),
        float(np.log1p(size / max(seconds, 1.0))),
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
