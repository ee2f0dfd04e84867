"""The time that a line of plain text begins with, where its form is otherwise unknown."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from connectors.files.syslog import MONTHS

NEAR = 64
"""Characters of a line in which its time begins."""

_CLOCK = r"(\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?"
_NUMBERS = re.compile(
    rf"\[?(?<!\d)(\d{{4}})([-/])(\d{{2}})\2(\d{{2}})[ T]{_CLOCK}"
    r" ?(Z|[+-]\d{2}:?\d{2})?(?!\d)\]?",
    re.ASCII,
)
"""`2015-10-18 18:01:47,978`, `2026/11/27T22:00:00.5+01:00`: what most programs write."""
_WORDS = re.compile(
    rf"\[?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?({'|'.join(MONTHS)}) {{1,2}}(\d{{1,2}}) {_CLOCK} "
    r"(\d{4})(?!\d)\]?",
    re.ASCII,
)
"""`[Sun Dec 04 04:47:44 2005]`: the error log of a web server."""


def parse_dated(line: str) -> dict[str, Any] | None:
    """`@timestamp`, and as `message` the line without it; None for a line without such a time.

    A time without a zone is taken for UTC.
    """
    for pattern, read in ((_NUMBERS, _of_numbers), (_WORDS, _of_words)):
        found = pattern.search(line, 0, 2 * NEAR)
        if found is None or found.start() > NEAR:
            continue
        try:
            time = read(found)
        except (ValueError, OverflowError):  # no day or hour of that number
            continue
        rest = f"{line[: found.start()].rstrip()} {line[found.end() :].lstrip()}".strip()
        return {"@timestamp": time.isoformat(), "message": rest or line}
    return None


def _of_numbers(found: re.Match[str]) -> datetime:
    year, _, month, day, clock, fraction, zone = found.groups()
    text = f"{year}-{month}-{day}T{clock}.{(fraction or '0')[:6]:0<6}"
    time = datetime.fromisoformat(text + (zone or "Z"))
    return time.astimezone(UTC)


def _of_words(found: re.Match[str]) -> datetime:
    month, day, clock, fraction, year = found.groups()
    number = MONTHS.index(month) + 1
    text = f"{year}-{number:02}-{int(day):02}T{clock}.{(fraction or '0')[:6]:0<6}Z"
    return datetime.fromisoformat(text)
