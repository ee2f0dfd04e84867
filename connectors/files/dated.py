"""A line of plain text of no known form as an event: its time, and the rest as its message."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.files.stamp import Find, find_stamp

_BRACKETS = {"[": "]", "(": ")"}


def parse_dated(line: str, now: datetime, find: Find | None = None) -> dict[str, Any] | None:
    """`@timestamp`, and as `message` the line without it; None for a line without a time.

    A time without a zone is taken for UTC, one without a year for the latest that is no more than
    a day after `now`. `find` tells the time in place of the forms that are known.
    """
    stamp = (find or find_stamp)(line, now)
    if stamp is None:
        return None
    start, end = stamp.start, stamp.end
    if start and _BRACKETS.get(line[start - 1]) == line[end : end + 1] != "":
        start, end = start - 1, end + 1
    rest = f"{line[:start].rstrip()} {line[end:].lstrip()}".strip()
    return {"@timestamp": stamp.time.isoformat(), "message": rest or line}


def parse_text(line: str, now: datetime, find: Find | None = None) -> dict[str, Any]:
    """As `parse_dated`, and a line without a time as its message alone."""
    return parse_dated(line, now, find) or {"message": line}
