"""What a look at the rule folders sees of every file without reading it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.rule_files import SUFFIXES

SETTLING = 2.0
"""Seconds after a change within which another one may have left no trace in the times."""

Look = tuple[int, int, int, int]
"""When a file was changed in any way (nanoseconds), when its content was, size, number on disk."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Folders and rule files as they were at a look.

    `fresh` tells that one of them had changed just before, so that a further change may hide
    behind the same time: then the files have to be read again to be sure.
    """

    seen: dict[str, Look]
    fresh: bool


def footprint(paths: Sequence[Path], now: float) -> Footprint:
    """The footprint of files and folders at a time, in epoch seconds.

    What cannot be looked at is not in it: who reads it is told why.
    """
    seen = dict(_seen(paths))
    limit = int(SETTLING * 1e9)
    moment = int(now * 1e9)
    return Footprint(seen, any(abs(moment - time) < limit for time, *_ in seen.values()))


def _seen(paths: Sequence[Path]) -> Iterator[tuple[str, Look]]:
    waiting = [os.fspath(path) for path in paths]
    for path in waiting:
        try:
            status = os.stat(path)  # noqa: PTH116 # a text is enough, and this is done each second
            yield path, _look(status)
            if not os.path.isdir(path):  # noqa: PTH112
                continue
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.name.endswith(SUFFIXES):
                        yield entry.path, _status(entry)
        except OSError:
            continue  # gone since it was listed, or not to be listed: see above


def _status(entry: os.DirEntry[str]) -> Look:
    try:
        return _look(entry.stat())
    except OSError:
        return 0, 0, 0, 0  # a link to nothing, which is noticed once it leads to something


def _look(status: os.stat_result) -> Look:
    return status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino
