"""The events that engines are timed on: real ones, and the same with nothing to remember."""

from __future__ import annotations

import hashlib
import multiprocessing
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from connectors.files.json_lines import whole_lines
from connectors.files.limits import BLOCK, Context, Limits
from engine.errors import Problem
from tests.conformance.recordings import recordings
from tests.conformance.winlogbeat import document

SEED = 20261123
_GUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_HASH = re.compile(r"\b(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_PROCESS = ("ProcessId", "ParentProcessId", "SourceProcessId", "TargetProcessId", "NewProcessId")
_USER = ("User", "SubjectUserName", "TargetUserName", "AccountName", "SourceUser", "TargetUser")


@dataclass(frozen=True)
class Lines:
    """A stretch of a file of lines: bytes from `start` to `end`, so many lines.

    Engines are timed on files, as their users run them. A corpus held in memory as hundreds of
    thousands of objects makes parsing them three to five times slower than the same lines are when
    they were just read, and no user has it there.
    """

    path: Path
    start: int
    end: int
    count: int

    def __len__(self) -> int:
        return self.count

    @property
    def size(self) -> float:
        """Bytes of a line, on average."""
        return (self.end - self.start) / self.count

    @classmethod
    def of(cls, path: Path) -> Lines:
        """All lines of a file that ends in a newline."""
        with path.open("rb") as file:
            count = sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))
        return cls(path, 0, path.stat().st_size, count)

    def part(self, first: int, last: int) -> Lines:
        """The lines from number `first` up to, not including, `last`."""
        sizes = (len(line) + 1 for line in self)
        start = self.start + sum(islice(sizes, first))
        end = start + sum(islice(sizes, last - first))
        return Lines(self.path, start, end, last - first)

    def blocks(self) -> Iterator[list[bytes]]:
        """The lines, as many at a time as one block of the file has, as `vedette hunt` has them."""
        return whole_lines(self._read(), Context(str(self.path), _refuse, Limits()))

    def _read(self) -> Iterator[bytes]:
        left = self.end - self.start
        with self.path.open("rb") as file:
            file.seek(self.start)
            while left:
                block = file.read(min(BLOCK, left))
                left -= len(block)
                yield block

    def __iter__(self) -> Iterator[bytes]:
        for lines in self.blocks():
            yield from lines

    def digest(self) -> str:
        """A hash that names it."""
        whole = hashlib.sha256()
        for line in self:
            whole.update(line)
            whole.update(b"\n")
        return whole.hexdigest()[:16]


def _refuse(problem: Problem) -> None:
    raise ValueError(problem.message)


def at_time(event: dict[str, Any], time: datetime) -> dict[str, Any]:
    """The same event as of another time (UTC): its maker's clock says it too, where it has one.

    Alerts lie in the month of their event, so events of the present must not say that they are
    years old.
    """
    told = {"@timestamp": time.isoformat()}
    if "UtcTime" in event:
        told["UtcTime"] = f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03}"
    return {**event, **told}


def write(data: Path, most: int, real: Path, unique: Path, nested: Path | None = None) -> None:
    """Write the corpora, in a process of its own, whose memory goes with it."""
    child = multiprocessing.get_context("spawn").Process(
        target=_write, args=(data, most, real, unique, nested)
    )
    child.start()
    child.join()
    if child.exitcode:
        raise RuntimeError("the corpora could not be written")


def _write(data: Path, most: int, real: Path, unique: Path, nested: Path | None) -> None:
    lines = _shuffled(data)[:most]
    for path, corpus in ((real, lines), (unique, _made(lines)), (nested, _shipped(lines))):
        if path is None:
            continue
        with path.open("wb") as file:
            file.writelines(line + b"\n" for line in corpus)


def _shuffled(data: Path) -> list[bytes]:
    """The Windows events of all recordings in manifest order, shuffled with a fixed seed."""
    lines = [line.rstrip(b"\n") for r in recordings(data) if r.windows for line in r.lines()]
    random.Random(SEED).shuffle(lines)
    return lines


def _shipped(lines: Sequence[bytes]) -> Iterator[bytes]:
    """The same events as Winlogbeat and its modules ship them, keys in any order, as Go does."""
    rnd = random.Random(SEED)
    for number, line in enumerate(lines):
        yield orjson.dumps(_mixed(document({**orjson.loads(line), "number": number}), rnd))


def _mixed(value: Any, rnd: random.Random) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _mixed(value[key], rnd) for key in rnd.sample(list(value), len(value))}


def _made(lines: Sequence[bytes]) -> Iterator[bytes]:
    """The same events, with every GUID, process id, time, hash and user name made unique."""
    for number, line in enumerate(lines):
        event: dict[str, Any] = orjson.loads(line)
        for key, value in event.items():
            if isinstance(value, str):
                event[key] = _made_unique(key, value, number)
        yield orjson.dumps(event)


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
