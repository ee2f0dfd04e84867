"""The time in a line of plain text, by how it is written: the forms that programs use.

A form is known by its digits and what is around them, so that no time is read where another could
be meant: `28.11.2026` and `11/28/2026` are left to whoever knows (`time_format.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeAlias

from connectors.files.calendar import DAYS, MONTHS, latest, moment

NEAR = 64
"""Characters of a line in which its time begins."""

Match: TypeAlias = re.Match[str]


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time in UTC, where it stands in its line, and how it says its zone.

    `zone` is `utc`, an offset such as `+01:00`, `none` (taken for UTC), `epoch`, or `yearless`,
    which has no zone either.
    """

    time: datetime
    start: int
    end: int
    zone: str


_CLOCK = r"(?P<H>\d{1,2})[:.](?P<M>\d{2})[:.](?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?"
_MILLI = (
    r"(?P<H>\d{1,2}):(?P<M>\d{1,2}):(?P<S>\d{1,2})(?:[.,](?P<f>\d{1,9})|:(?P<ms>\d{1,3})(?!\d))?"
)
_MONTH = rf"(?P<b>{'|'.join(MONTHS)})"
ZONE = r"(?P<z>Z|UTC\b|GMT\b|[+-]\d{2}:?\d{2})"
_LEVEL = r"(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b"
_DATE = r"(?P<date>\d{4}-\d{2}-\d{2}|\d{4}/\d{2}/\d{2}|\d{4}\.\d{2}\.\d{2})"

FORMS = (
    # 2015-10-18 18:01:47,978 · 2026/11/27T22:00:00.5+01:00 · 2005-06-03-15.42.50.675872
    rf"(?<!\d){_DATE}[ T-]{_CLOCK}(?: ?{ZONE})?(?!\d)",
    # 20171223-22:15:29:606
    rf"(?<!\d)(?P<Y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)[-T ]{_MILLI}{ZONE}?",
    # 20261128T223000Z
    rf"(?<!\d)(?P<Y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)T(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)"
    rf"(?:[.,](?P<f>\d{{1,9}}))?{ZONE}?(?!\d)",
    # Sun Dec 04 04:47:44 2005 · Nov  9 12:01:01 · Nov 28, 2026 4:30:30 PM · … 04:30:30 UTC 2026
    rf"(?<![A-Za-z])(?:(?:{'|'.join(DAYS)}) )?{_MONTH} {{1,2}}(?P<d>\d{{1,2}})(?:, (?P<Y>\d{{4}}))?"
    rf" {_CLOCK}(?: (?P<p>[AP]M)\b)?(?: {ZONE})?(?: (?P<Y2>(?:19|20)\d\d)(?!\d))?",
    # 28/Nov/2026:04:30:30 +0000 · 28-Nov-2026 04:30:30.123
    rf"(?<!\d)(?P<d>\d{{1,2}})[-/ ]{_MONTH}[-/ ](?P<Y>\d{{4}})[: ]{_CLOCK}(?: {ZONE})?(?!\d)",
    # 03-17 16:13:38.811  1702  2395 D WindowManager: …, as logcat writes
    rf"\A(?P<m>\d\d)-(?P<d>\d\d) {_CLOCK}(?= +\d+ +\d+ [VDIWEFA] )",
    # I1128 04:30:30.123456 …, as glog and klog write
    rf"(?<=\A[IWEF])(?P<m>\d\d)(?P<d>\d\d) {_CLOCK}(?= )",
    # 17/06/09 20:10:40 INFO · 081109 203615 148 INFO, as log4j writes for Spark and HDFS
    rf"(?<![\d/])(?P<y>\d\d)/(?P<m>\d\d)/(?P<d>\d\d) {_CLOCK}(?= \[?{_LEVEL})",
    rf"(?<!\d)(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d) (?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)"
    rf"(?= \d+ {_LEVEL})",
    # 1286536309.450    921 192.0.2.1 TCP_MISS/200 …, as squid writes
    r"\A(?P<s>1\d{9})(?:\.(?P<f>\d{1,9}))(?=\s)",
    # - 1117838570 2005.06.03 R02-M1-N0 …, as the logs of supercomputers have it
    r"(?<![\w.])(?P<s>1\d{9})(?= \d{4}\.\d\d\.\d\d )",
)
"""Patterns whose groups are named as in `strptime`; the leftmost that holds a time is taken."""

_FORMS = tuple(re.compile(form, re.ASCII) for form in FORMS)
_ANY = re.compile("|".join(re.sub(r"\?P<\w+>", "?:", form) for form in FORMS), re.ASCII)


def find_stamp(line: str, now: datetime) -> Stamp | None:
    """The first time near the beginning of a line, of any of `FORMS`; None where there is none.

    `now` tells the year of a time that has none: the latest in which it is no more than a day
    after. Raises nothing.
    """
    at = 0
    while (rough := _ANY.search(line, at, 2 * NEAR)) and rough.start() <= NEAR:
        for form in _FORMS:
            found = form.match(line, rough.start(), 2 * NEAR)
            if found and (stamp := stamp_of(found, now)):
                return stamp
        at = rough.start() + 1
    return None


def stamp_of(found: Match, now: datetime) -> Stamp | None:
    """The time in the groups of a match; None where there is no such day, hour or zone."""
    said = {name: text for name, text in found.groupdict().items() if text is not None}
    try:
        time, zone = _read(said, now)
    except (ValueError, OverflowError):
        return None
    return None if time is None else Stamp(time, found.start(), found.end(), zone)


def _read(said: dict[str, str], now: datetime) -> tuple[datetime | None, str]:
    micro = _micro(said)
    if "s" in said:
        start = datetime.fromtimestamp(int(said["s"]), UTC)
        return start.replace(microsecond=micro), "epoch"
    clock = (_hour(said), int(said.get("M", 0)), int(said.get("S", 0)), micro)
    if "date" in said:
        said.update(Y=said["date"][:4], m=said["date"][5:7], d=said["date"][8:])
    year = said.get("Y") or said.get("Y2") or _century(said.get("y"))
    if "j" in said:
        if year is None:
            raise ValueError("a day of the year needs a year")
        first = datetime(int(year), 1, 1, tzinfo=UTC) + timedelta(days=int(said["j"]) - 1)
        month, day = first.month, first.day
    else:
        month = MONTHS.index(said["b"][:3]) + 1 if "b" in said else int(said["m"])
        day = int(said["d"])
    if year is None:
        return latest(now, month, day, clock), "yearless"
    zone = said.get("z")
    offset = _offset(zone) if zone else UTC
    time = moment(int(year), month, day, clock, offset).astimezone(UTC)
    return time, "none" if zone is None else "utc" if not _seconds(offset) else _named(offset)


def _micro(said: dict[str, str]) -> int:
    if "ms" in said:
        return int(said["ms"]) * 1_000
    return int(f"{said.get('f', '0')[:6]:0<6}")


def _hour(said: dict[str, str]) -> int:
    hour = int(said.get("H") or said.get("I") or 0)
    if "p" in said:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour of half a day")
        return hour % 12 + (12 if said["p"].upper() == "PM" else 0)
    return hour


def _century(text: str | None) -> str | None:
    """A year of two digits, as `strptime` takes it: 69 to 99 are of the century before."""
    return None if text is None else f"{19 if int(text) > 68 else 20}{text}"


def _offset(text: str) -> timezone:
    if text in ("Z", "UTC", "GMT"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if minutes > 59:
        raise ValueError("no such zone")
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def _seconds(zone: timezone) -> int:
    return int(zone.utcoffset(None).total_seconds())


def _named(zone: timezone) -> str:
    sign = "-" if _seconds(zone) < 0 else "+"
    minutes = abs(_seconds(zone)) // 60
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


Find: TypeAlias = Callable[[str, datetime], Stamp | None]
"""What finds the time of a line: `find_stamp`, or a format that somebody gives."""
