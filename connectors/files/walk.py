"""Which files a list of paths and folders names."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import InputError, Problem, Report, nearest_name

EVENTS = re.compile(
    r"\.(json|jsonl|ndjson|log|evtx)([.-]\d[\d.T_-]*)?(\.(gz|zst))?$", re.IGNORECASE
)
"""Names that hold events: a known suffix, then what rotation and compression add."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read; `path` None is standard input. `size` is None where it has no end yet."""

    path: Path | None
    size: int | None


def find(paths: Sequence[Path | Literal["-"]], report: Report) -> list[Found]:
    """Every file that the paths name, each once, folders gone through in order of names.

    Raises `InputError` for a path that does not exist, before anything is read.
    """
    for path in paths:
        if path != "-":
            _exists(Path(path))
    found: list[Found] = []
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if path == "-":
            found.append(Found(None, None))
            continue
        for file, status in files(Path(path), report):
            identity = (status.st_dev, status.st_ino)
            if identity in seen:
                report(Problem("skipped-file", "read already under another name", str(file)))
                continue
            seen.add(identity)
            found.append(Found(file, status.st_size if stat.S_ISREG(status.st_mode) else None))
    return found


def files(path: Path, report: Report) -> Iterator[tuple[Path, os.stat_result]]:
    """The file itself, or all event files below a folder; what is left out is reported."""
    status = _status(path, report)
    if status is None:
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _folder(path, report, {(status.st_dev, status.st_ino)})
    else:
        yield path, status


def _folder(
    folder: Path, report: Report, above: set[tuple[int, int]]
) -> Iterator[tuple[Path, os.stat_result]]:
    """Files of a folder and those below it. `above` is every folder entered: links can loop."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  # names, not paths, are compared
    except OSError as error:
        report(_unreadable(folder, error))
        return
    for name in names:
        if name.startswith("."):
            continue
        path = folder / name
        status = _status(path, report)
        if status is None:
            continue
        if stat.S_ISDIR(status.st_mode):
            identity = (status.st_dev, status.st_ino)
            if identity not in above:
                above.add(identity)
                yield from _folder(path, report, above)
        elif not stat.S_ISREG(status.st_mode):
            report(Problem("skipped-file", "not a regular file", str(path)))
        elif not EVENTS.search(name):
            report(Problem("skipped-file", "its name is not that of an event file", str(path)))
        else:
            yield path, status


def _status(path: Path, report: Report) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError as error:
        report(_unreadable(path, error))
        return None


def _unreadable(path: Path, error: OSError) -> Problem:
    return Problem("unreadable-file", error.strerror or type(error).__name__, str(path))


def _exists(path: Path) -> None:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        near = nearest_name(path.name, _beside(path))
        raise InputError(
            "no such file or folder",
            file=str(path),
            nearest=str(path.with_name(near)) if near else None,
        ) from error
    except ValueError as error:
        raise InputError("not a path", file=repr(str(path))) from error
    except OSError:
        return  # it is there; that it cannot be read is reported when its turn comes


def _beside(path: Path) -> Iterable[str]:
    try:
        return os.listdir(path.parent)  # noqa: PTH208  # names are wanted
    except OSError:
        return ()
