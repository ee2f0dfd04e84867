"""The new whole lines of a file that grows, and whether a file is one to be read by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import orjson

from connectors.files.decompress import decompressor
from connectors.files.evtx import MAGIC as EVTX
from connectors.files.extent import BrokenError, Extent
from connectors.files.json_lines import line_records
from connectors.files.limits import BLOCK, Context
from connectors.files.place import PRINT, Place, before, digest
from connectors.files.text import encoding
from engine.ports import Record

_LOOK = 1 << 16


def by_line(file: BinaryIO, *, complete: bool) -> bool | None:
    """Whether a file holds events line by line; false: it is to be read whole; None: too soon.

    `complete` says that a text without any newline may be taken for a whole document.
    """
    file.seek(0)
    head = file.read(_LOOK)
    if decompressor(head) or head.startswith(EVTX) or encoding(head):
        return False
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\0 \t\r\n")
    line, newline, _ = text.partition(b"\n")
    if newline:
        return _stands_alone(text, line)
    if text.startswith(b"["):
        return False
    if len(head) == _LOOK:
        return True
    return False if complete and _parses(text) else None


def _stands_alone(text: bytes, line: bytes) -> bool:
    """Whether the first line is a value by itself, or a broken one among lines."""
    if _parses(line) or not line.startswith((b"{", b"[")):
        return True
    extent = Extent(strict=True)
    try:
        end = extent.find(text, 0)
    except BrokenError:
        return True
    return end is not None and b"\n" not in text[:end]


def _parses(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def grown(file: BinaryIO, place: Place, size: int, context: Context) -> Iterator[list[Record]]:
    """The events of whole lines from a place on, up to `size`; the place moves behind each lot.

    A line is never split over two lots, however many events it holds. A last line without a
    newline waits for it.
    """
    recent = before(file, place.offset)
    file.seek(place.offset)
    held, left = b"", size - place.offset
    while left > 0 and (block := file.read(min(left, max(BLOCK, len(held))))):
        left -= len(block)
        data = held + block
        cut = data.rfind(b"\n") + 1
        lines, held = data[:cut].split(b"\n")[:-1], data[cut:]
        for at in range(0, len(lines), context.limits.batch):
            lot = lines[at : at + context.limits.batch]
            passed = b"\n".join([*lot, b""])
            recent = (recent + passed)[-PRINT:]
            records = _lot(lot, place, context)
            _move(place, len(passed), recent, lines=len(lot), skipping=False)
            yield records
        if place.skipping or len(held) > context.limits.line:
            if not place.skipping:
                _too_long(place.line + 1, context)
            recent = (recent + held)[-PRINT:]
            _move(place, len(held), recent, lines=0, skipping=True)
            held = b""
            yield []


def _lot(lines: list[bytes], place: Place, context: Context) -> list[Record]:
    """The events of some lines; the rest of a line being skipped is blank."""
    if place.skipping:
        lines = [b"", *lines[1:]]
    for at, text in enumerate(lines):
        if len(text) > context.limits.line:
            _too_long(place.line + 1 + at, context)
            lines = [*lines[:at], b"", *lines[at + 1 :]]
    return line_records(lines, place.line + 1, context)


def _too_long(line: int, context: Context) -> None:
    context.tell("line-too-long", f"more than {context.limits.line} bytes; not read", line)


def _move(place: Place, size: int, recent: bytes, *, lines: int, skipping: bool) -> None:
    place.offset += size
    place.line += lines
    place.tail = digest(recent)
    place.skipping = skipping
