"""How far a watched file has been read, and by what a file is known again.

A name says little: logs are renamed, copied and truncated under it. A file is the one read before
when its device and inode are the same AND its first line is AND the bytes before the place
reached are: an inode used again or a truncated file fails the last two.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import StateError

PRINT = 4096
"""At most so many bytes are hashed to know a file's beginning, or the place reached in it."""

_ROTATED = re.compile(r"([.-]\d[\d.T_-]*)?(\.(gz|zst))?$", re.IGNORECASE)


@dataclass(slots=True)
class Place:
    """The place reached in one file; JSON-serialisable through `stored` and `load`.

    For files read by line (`whole` false) `offset` and `line` count what is behind us, and
    `skipping` is set inside a line too long to keep. A whole file is known by `size` and
    `mtime_ns`; `records` of it were read, all when `done`; `offset` bytes of what it unpacks to
    had been read before it was packed. `copies` are devices and inodes of its copies (made by a
    rotation that copies and truncates). `gone` is when it was first missed, in epoch seconds.
    """

    path: str
    device: int
    inode: int
    head: str
    head_size: int
    whole: bool = False
    offset: int = 0
    line: int = 0
    tail: str = ""
    skipping: bool = False
    size: int = 0
    mtime_ns: int = 0
    records: int = 0
    done: bool = False
    copies: list[list[int]] = field(default_factory=list)
    gone: float | None = None

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode."""
        return self.device, self.inode

    def move(self, path: Path, status: os.stat_result) -> None:
        """The same content is now found there."""
        self.path, self.device, self.inode = str(path), status.st_dev, status.st_ino
        self.gone = None

    def stored(self) -> dict[str, Any]:
        """The place as a checkpoint keeps it."""
        entry = {name: getattr(self, name) for name in _NAMES}
        entry["copies"] = [list(copy) for copy in self.copies]
        return entry


_NAMES = tuple(known.name for known in fields(Place))


def load(checkpoint: Mapping[str, Any] | None) -> list[Place]:
    """The places in a checkpoint. Raises `StateError` when it is not one of ours."""
    if checkpoint is None:
        return []
    try:
        return [
            Place(**{key: value for key, value in entry.items() if key in _NAMES})
            for entry in checkpoint["files"]
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise StateError("the checkpoint is not one of a watched folder") from error


def digest(data: bytes) -> str:
    """The hash that heads and tails are kept as."""
    return hashlib.sha256(data).hexdigest()


def first_line(file: BinaryIO) -> bytes:
    """The first line with its newline, or as much of it as is hashed."""
    file.seek(0)
    data = file.read(PRINT)
    end = data.find(b"\n") + 1
    return data[:end] if end else data


def before(file: BinaryIO, offset: int) -> bytes:
    """The bytes hashed for the place at `offset`."""
    start = max(0, offset - PRINT)
    file.seek(start)
    return file.read(offset - start)


def holds(file: BinaryIO, place: Place) -> bool:
    """Whether an open file has the content that was read up to a place (of a file by line)."""
    if os.fstat(file.fileno()).st_size < place.offset:
        return False
    file.seek(0)
    if digest(file.read(place.head_size)) != place.head:
        return False
    return digest(before(file, place.offset)) == place.tail


def rotation_of(path: Path, place: Place) -> bool:
    """Whether a name is what rotation makes of a place's name: `a.log` to `a.log.1`."""
    kept = Path(place.path)
    return path.parent == kept.parent and path != kept and _base(path) == _base(kept)


def _base(path: Path) -> str:
    return _ROTATED.sub("", path.name)
