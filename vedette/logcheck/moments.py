"""When an event says that it happened, in which words, and in which zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.event import Event
from engine.moment import parse_time

BY_NAME = ("SystemTime", "UtcTime")
"""Fields that are UTC by what Windows and Sysmon say of them, whether or not the text does."""

_OFFSET = re.compile(r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?|:\d\d(?:\.\d+)?) ?([+-]\d\d:?\d\d)$")
_EPOCH = re.compile(r"(?:\S{1,20} )?(1\d{9})(?:\.\d+)? ")
_LINE = (
    re.compile(r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)"),
    re.compile(r"[^\[\n]{0,200}\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]"),
)
_WRITTEN = (
    (re.compile(r"\[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\]"),
     "%a %b %d %H:%M:%S %Y"),
    (re.compile(r"(\d\d/\d\d/\d\d \d\d:\d\d:\d\d)"), "%y/%m/%d %H:%M:%S"),
    (re.compile(r"(\d{6} \d{6}) "), "%y%m%d %H%M%S"),
    (re.compile(r"(\d{8}-\d{1,2}:\d{1,2}:\d{1,2}):\d+\|"), "%Y%m%d-%H:%M:%S"),
)  # fmt: skip
_YEARLESS = re.compile(
    r"(?:<\d+>)?[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d|\d\d-\d\d \d\d:\d\d:\d\d"
    r"|\[\d\d\.\d\d \d\d:\d\d:\d\d\]"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it was found: `zone` is utc, an offset, none (not said), epoch or yearless.

    `time` of one without a year has a guessed one, or is None; a time that says no zone is taken
    as UTC.
    """

    time: datetime | None
    text: str
    zone: str


def moment_of(event: Event) -> Moment | None:
    """The event's own time; of a line of text what it begins with. None when it says none."""
    if event.time is not None:
        if written := _yearless(event):
            return Moment(event.time, written, "yearless")
        for name in event.time_fields:
            for value in event.values(name):
                if parse_time(value) is not None:
                    zone = zone_of(value)
                    said = "utc" if zone == "none" and name in BY_NAME else zone
                    return Moment(event.time, str(value), said)
        return Moment(event.time, "", "none")
    text = event.record.document.get("message")
    if not isinstance(text, str) or len(event.record.document) > 1:
        return None
    return _of_line(text)


def _yearless(event: Event) -> str | None:
    """What a line of plain text begins with, where that is a time without a year."""
    raw = event.record.raw
    if raw is None or raw.startswith(b"{"):
        return None
    match = _YEARLESS.match(raw[:300].decode("utf-8", "replace"))
    return match[0] if match else None


def _of_line(text: str) -> Moment | None:
    head = text[:300]
    for pattern in _LINE:
        if match := pattern.match(head):
            written = match[1].replace(",", ".")
            time = parse_time(written)
            if time:
                return Moment(time, match[1], zone_of(written))
    for pattern, form in _WRITTEN:
        if match := pattern.match(head):
            try:
                time = datetime.strptime(match[1], form).replace(tzinfo=UTC)
            except ValueError:
                continue
            return Moment(time, match[1], "none")
    if match := _EPOCH.match(head):
        return Moment(parse_time(int(match[1])), match[1], "epoch")
    if match := _YEARLESS.match(head):
        return Moment(None, match[0], "yearless")
    return None


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
