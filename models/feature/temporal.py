"""When something happened, as numbers: hour and weekday on circles, and the gap before it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from models.base import Floats
from models.errors import DataError

DAY = 86_400.0
WEEK = 7 * DAY
MONDAY = 4 * DAY
"""The first Monday after the epoch, which was a Thursday."""

NAMES = ("hour sine", "hour cosine", "weekday sine", "weekday cosine", "weekend", "log gap")


def hour(times: Sequence[float] | Floats, offset: float = 0.0) -> Floats:
    """The hour of the day, [0, 24), of seconds since the epoch; `offset` from UTC in seconds."""
    return (_finite(times) + offset) % DAY / 3_600


def weekday(times: Sequence[float] | Floats, offset: float = 0.0) -> Floats:
    """The day of the week with its fraction, [0, 7): Monday begins at 0."""
    return (_finite(times) + offset - MONDAY) % WEEK / DAY


def gaps(times: Sequence[float] | Floats, entities: Sequence[Hashable] | None = None) -> Floats:
    """Seconds since the event before, of the same entity if entities are given.

    In the order of the data. The first of an entity has 0, and so has one whose time lies before
    that of its predecessor.
    """
    moments = _finite(times)
    if entities is not None and len(entities) != len(moments):
        raise DataError(f"{len(entities)} entities do not go with {len(moments)} times")
    last: dict[Hashable, float] = {}
    found = np.zeros(len(moments))
    for at, moment in enumerate(moments.tolist()):
        entity = None if entities is None else entities[at]
        found[at] = max(0.0, moment - last.get(entity, moment))
        last[entity] = moment
    return found


def temporal(
    times: Sequence[float] | Floats,
    entities: Sequence[Hashable] | None = None,
    offset: float = 0.0,
) -> Floats:
    """An array (n, 6), its columns named by `NAMES`.

    23:59 and 0:01 are close together on the circle of hours, as are Sunday and Monday on that of
    days. The gap is ln(1 + seconds).
    """
    day = hour(times, offset) * (2 * np.pi / 24)
    days = weekday(times, offset)
    week = days * (2 * np.pi / 7)
    weekend = (days >= 5).astype(np.float64)
    logs = np.log1p(gaps(times, entities))
    return np.column_stack([np.sin(day), np.cos(day), np.sin(week), np.cos(week), weekend, logs])


def mean_temporal(windows: Sequence[Sequence[float]], offset: float = 0.0) -> Floats:
    """The mean of `temporal` over the times of each window, (n, 6); all 0 for one without a time.

    Gaps are those within a window.
    """
    sizes = np.array([len(each) for each in windows], dtype=np.intp)
    times = np.array([time for each in windows for time in each])
    rows = temporal(times, np.repeat(np.arange(len(windows)), sizes).tolist(), offset)
    sums = np.zeros((len(windows), len(NAMES)))
    np.add.at(sums, np.repeat(np.arange(len(windows)), sizes), rows)
    means: Floats = sums / np.maximum(sizes, 1)[:, None]
    return means


def _finite(times: Sequence[float] | Floats) -> Floats:
    moments = np.asarray(times, dtype=np.float64)
    if not np.isfinite(moments).all():
        at = int(np.argmin(np.isfinite(moments)))
        raise DataError(f"the time of event {at} is {moments[at]}")
    return moments
