"""The events that engines are timed on: real ones, and the same with nothing to remember."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from tests.conformance.recordings import recordings

SEED = 20261123

_GUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_HASH = re.compile(r"\b(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_PROCESS = ("ProcessId", "ParentProcessId", "SourceProcessId", "TargetProcessId", "NewProcessId")
_USER = ("User", "SubjectUserName", "TargetUserName", "AccountName", "SourceUser", "TargetUser")


def real(data: Path, most: int | None = None) -> list[bytes]:
    """The Windows events of all recordings in manifest order, shuffled with a fixed seed."""
    lines = [line.rstrip(b"\n") for r in recordings(data) if r.windows for line in r.lines()]
    random.Random(SEED).shuffle(lines)
    return lines[:most]


def unique(lines: Sequence[bytes]) -> Iterator[bytes]:
    """The same events, with every GUID, process id, time, hash and user name made unique."""
    for number, line in enumerate(lines):
        document: dict[str, Any] = orjson.loads(line)
        for key, value in document.items():
            if isinstance(value, str):
                document[key] = _made_unique(key, value, number)
        yield orjson.dumps(document)


def _made_unique(key: str, value: str, number: int) -> str:
    if key in _PROCESS:
        return str(100_000 + number)
    if key in _USER:
        return f"{value}{number}"
    value = _GUID.sub(lambda found: f"{number:08x}{found[0][8:]}", value)
    value = _HASH.sub(lambda found: f"{number:08X}{found[0][8:]}", value)
    return _TIME.sub(lambda found: f"{found[0][:11]}{_clock(number)}", value)


def _clock(number: int) -> str:
    return f"{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"


def digest(lines: Sequence[bytes]) -> str:
    """A hash that names a corpus."""
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line)
        whole.update(b"\n")
    return whole.hexdigest()[:16]
