"""When an event says that it happened, in which words, and in which zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.files.stamp import Find, find_stamp
from engine.event import Event
from engine.moment import parse_time

BY_NAME = ("SystemTime", "UtcTime")
"""Fields that are UTC by what Windows and Sysmon say of them, whether or not the text does."""

_HEAD = 300
"""Bytes of a line in which its time is looked for."""

_OFFSET = re.compile(r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?|:\d\d(?:\.\d+)?) ?([+-]\d\d:?\d\d)$")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it was found: `zone` is utc, an offset, none (not said), epoch or yearless.

    `time` of one without a year has a guessed one, or is None; a time that says no zone is taken
    as UTC.
    """

    time: datetime | None
    text: str
    zone: str


def moment_of(event: Event, times: Find = find_stamp) -> Moment | None:
    """The event's own time; of a line of text what it begins with. None when it says none."""
    if event.time is None:
        return _begins(event, times)
    if written := _written(event, event.time, times):
        return written
    for name in event.time_fields:
        for value in event.values(name):
            if parse_time(value) is not None:
                zone = zone_of(value)
                said = "utc" if zone == "none" and name in BY_NAME else zone
                return Moment(event.time, str(value), said)
    return Moment(event.time, "", "none")


def _begins(event: Event, times: Find) -> Moment | None:
    """The time in an event that is a line of text and nothing else, as some shippers send it."""
    text = event.record.document.get("message")
    if not isinstance(text, str) or len(event.record.document) > 1:
        return None
    stamp = times(text, datetime.now(UTC))
    if stamp is None:
        return None
    time = None if stamp.zone == "yearless" else stamp.time  # nobody guesses it for a rule
    return Moment(time, text[stamp.start : stamp.end], stamp.zone)


def _written(event: Event, time: datetime, times: Find) -> Moment | None:
    """The time as a line of plain text has it: the event's own is in UTC, whatever that says."""
    raw = event.record.raw
    if raw is None or raw.lstrip().startswith(b"{"):
        return None
    line = raw[:_HEAD].decode("utf-8", "replace")
    stamp = times(line, time)
    return None if stamp is None else Moment(time, line[stamp.start : stamp.end], stamp.zone)


def zone_of(value: object) -> str:
    """How a time says its zone."""
    if not isinstance(value, str):
        return "epoch"
    text = value.strip()
    if re.fullmatch(r"[\d.]+", text):
        return "epoch"
    if text.endswith(("Z", "z", "UTC", "GMT")):
        return "utc"
    if match := _OFFSET.search(text):
        offset = match[1].replace(":", "")
        return "utc" if offset in ("+0000", "-0000") else f"{offset[:3]}:{offset[3:]}"
    return "none"
