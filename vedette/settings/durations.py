"""Durations as people write them: `30s`, `10m`, `24h`, `7d`, or a number of seconds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from vedette.settings.invalid import invalid, kind

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,6})?(ms|s|m|h|d|w)?$"
LONGEST = 3650 * 86400
EXPECTED = "a duration such as 30s, 10m, 24h or 7d"


def parse_duration(value: object) -> timedelta:
    """The duration, from 0 to ten years. Raises a pydantic error that says what is expected."""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, bool) or not isinstance(value, int | float | str):
        raise invalid(f"is {kind(value)}", EXPECTED)
    elif isinstance(value, str):
        seconds = _seconds(value)
    else:
        seconds = value
    # Compared before a timedelta is built: that overflows on what is far out of range.
    if not 0 <= seconds <= LONGEST:
        raise invalid(f"{value!s:.40} is out of range", "0 to 3650d")
    return timedelta(seconds=seconds)


def _seconds(text: str) -> float:
    if not re.fullmatch(PATTERN[1:-1], text):
        raise invalid(f"{text[:40]!r} is not a duration", EXPECTED)
    number = text.rstrip("mshdw")
    return float(number) * UNITS[text[len(number) :] or "s"]


def parse_positive(value: object) -> timedelta:
    """The duration, longer than nothing: an interval of 0 would never rest."""
    found = parse_duration(value)
    if not found:
        raise invalid("is zero", "a duration longer than 0")
    return found


def parse_interval_or_off(value: object) -> timedelta | None:
    """The duration, longer than nothing, or None for `off` (which YAML reads as false)."""
    if value is False or value == "off":
        return None
    if isinstance(value, bool):
        raise invalid("is true", f"{EXPECTED}, or off")
    return parse_positive(value)


def format_duration(value: timedelta) -> str:
    """The shortest exact way to write it: `timedelta(seconds=600)` is `10m`."""
    milliseconds = round(value.total_seconds() * 1000)
    for unit in ("d", "h", "m", "s"):
        size = int(UNITS[unit] * 1000)
        if milliseconds % size == 0 and milliseconds:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


_SHAPE = WithJsonSchema(
    {"anyOf": [{"type": "string", "pattern": PATTERN}, {"type": "number", "minimum": 0}]}
)
_TEXT = PlainSerializer(format_duration, return_type=str)

_OR_OFF = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string", "pattern": PATTERN},
            {"type": "number", "exclusiveMinimum": 0},
            {"enum": ["off", False]},
        ]
    }
)

Duration = Annotated[timedelta, PlainValidator(parse_duration), _TEXT, _SHAPE]
"""Zero or more."""

IntervalOrOff = Annotated[
    timedelta | None,
    PlainValidator(parse_interval_or_off),
    PlainSerializer(lambda value: format_duration(value) if value else "off", return_type=str),
    _OR_OFF,
]
"""More than zero; `off` is None."""

Interval = Annotated[timedelta, PlainValidator(parse_positive), _TEXT, _SHAPE]
"""More than zero."""
