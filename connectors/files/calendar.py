"""Days without a year, and how months and weekdays are written in logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeAlias

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


Clock: TypeAlias = tuple[int, int, int, int]
"""Hour, minute, second and microsecond."""


def latest(now: datetime, month: int, day: int, clock: Clock) -> datetime | None:
    """A day and time (UTC), of the latest year in which it is no more than a day after `now`.

    None where there is no such day or time.
    """
    last = now.astimezone(UTC) + timedelta(days=1)
    # 29 February may be up to eight years back
    for year in range(last.year, max(last.year - 9, 0), -1):
        try:
            time = moment(year, month, day, clock)
        except ValueError:
            continue
        if time <= last:
            return time
    return None


def moment(year: int, month: int, day: int, clock: Clock, zone: tzinfo = UTC) -> datetime:
    """That time. Raises ValueError where there is none."""
    hour, minute, second, micro = clock
    return datetime(year, month, day, hour, minute, second, micro, zone)
