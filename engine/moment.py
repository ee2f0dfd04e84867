"""Times as events write them: ISO 8601, epoch numbers of any unit, Windows and web forms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

_FORMATS = ("%d/%b/%Y:%H:%M:%S %z", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S")
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))


def parse_time(value: Any) -> datetime | None:
    """A value as an aware UTC time, or None when it is not one.

    A time without a zone is UTC. Numbers (and text that is one) are seconds, milli-, micro- or
    nanoseconds since 1970, told apart by size.
    """
    if isinstance(value, datetime):
        return _to_utc(value)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _from_epoch(float(value))
    if not isinstance(value, str) or not 4 <= len(value) <= 64:
        return None
    return _from_text(value.strip())


def _from_text(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return _from_number(text) or _from_formats(text)
    # "20200904" and the like parse as dates, but a bare number is an epoch
    if text.isdigit():
        return _from_epoch(float(text))
    return _to_utc(time)


def _from_number(text: str) -> datetime | None:
    try:
        return _from_epoch(float(text))
    except ValueError:
        return None


def _from_formats(text: str) -> datetime | None:
    for form in _FORMATS:
        try:
            time = datetime.strptime(text, form)
        except ValueError:
            continue
        return _to_utc(time)
    return None


def _to_utc(time: datetime) -> datetime | None:
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError:  # an hour before the first year, or after the last
        return None


def _from_epoch(number: float) -> datetime | None:
    if not number >= 0:  # NaN and negative numbers are no times of events
        return None
    divisor = next(unit for floor, unit in _UNITS if number >= floor)
    try:
        return datetime.fromtimestamp(number / divisor, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def iso(time: datetime) -> str:
    """A time as `2026-11-23T02:30:00.000Z`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
