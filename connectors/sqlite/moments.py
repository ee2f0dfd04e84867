"""Times as the tables hold them."""

from __future__ import annotations

from datetime import UTC, datetime


def text_of(time: datetime) -> str:
    """UTC text of one width (`2026-01-31T08:00:00.000000Z`); no zone is taken as UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    try:
        aware = aware.astimezone(UTC)
    except OverflowError:  # an event may claim the first or last day there is
        aware = aware.replace(tzinfo=UTC)
    return aware.isoformat(timespec="microseconds").replace("+00:00", "Z")
