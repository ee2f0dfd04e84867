"""What an event says of itself beside its kind: its level, and the values of counters.

Levels are those of ECS, of Windows' event log and of syslog, or of the programs that write `level`
or `severity`; else the word that a line of plain text begins with, as `INFO` or `[error]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine.event import Event
from models.feature.levels import LEVELS, NAMES, level
from models.feature.signal import ABSENT, COUNTER, LEVEL, Signals
from models.prepare.privacy import Privacy
from models.template.event import MESSAGES

OF_LEVEL = (
    "log.level", "winlog.level", "Level", "log.syslog.severity.code", "log.syslog.severity.name",
    "PRIORITY", "levelname", "level", "severity", "event.severity",
)  # fmt: skip
"""Where a level stands, best first."""
OF_WINDOWS = frozenset({"winlog.level", "Level"})
"""Those whose numbers are of Windows' event log; numbers elsewhere are syslog's."""
BEGINNING = 128
"""Characters of a message in which its level stands."""
LARGEST = float(1 << 64)
"""What no counter passes."""

_SHORT = 3
_WORDS = "|".join(sorted((name for name in NAMES if len(name) >= _SHORT), key=len, reverse=True))
_WRITTEN = re.compile(
    rf"\A\W*({_WORDS})\b|\[({_WORDS})\]|(?-i:(?<![\w.])({_WORDS.upper()})(?![\w.]))",
    re.IGNORECASE | re.ASCII,
)
"""A level at the very beginning, in brackets, or in capitals."""


def signals(event: Event, asked: Sequence[str], privacy: Privacy | None = None) -> Signals:
    """A number for each signal in `asked`, `ABSENT` for what the event lacks or `privacy` hides."""
    return tuple(
        _level(event, privacy)
        if name == LEVEL
        else _count(event, name.removeprefix(COUNTER), privacy)
        for name in asked
    )


def fields(asked: Sequence[str]) -> frozenset[str]:
    """The fields of an event that signals are read from."""
    counters = {name.removeprefix(COUNTER) for name in asked if name != LEVEL}
    return frozenset({*counters, *(OF_LEVEL if LEVEL in asked else ()), *MESSAGES})


def _level(event: Event, privacy: Privacy | None) -> float:
    for field in OF_LEVEL:
        value = event.fields.get(field)
        if isinstance(value, list):
            value = value[0] if value else None
        if value is None or value == "" or _hidden(field, privacy):
            continue
        return float(LEVELS.index(level(value, windows=field in OF_WINDOWS)))
    return _written(event.fields, privacy)


def _written(fields: Mapping[str, Any], privacy: Privacy | None) -> float:
    """The level that a message begins with."""
    for field in MESSAGES:
        text = fields.get(field)
        if isinstance(text, str) and text and not _hidden(field, privacy):
            found = _WRITTEN.search(text[:BEGINNING])
            return (
                ABSENT if found is None else float(LEVELS.index(level(found[found.lastindex or 0])))
            )
    return ABSENT


def _count(event: Event, field: str, privacy: Privacy | None) -> float:
    """The value of a counter, as a number of 0 or more."""
    value = event.fields.get(field)
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None or isinstance(value, bool) or _hidden(field, privacy):
        return ABSENT
    if isinstance(value, str) and len(value) > BEGINNING:
        return ABSENT
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return ABSENT
    return number if 0 <= number <= LARGEST else ABSENT


def _hidden(field: str, privacy: Privacy | None) -> bool:
    return privacy is not None and privacy.hides(field)
