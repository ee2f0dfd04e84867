"""A log read line by line that rotation has compressed: what was read of it is not read again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from connectors.files.decompress import decompressor
from connectors.files.json_lines import read_lines
from connectors.files.limits import BLOCK, Context, Limits
from connectors.files.place import PRINT, Place, digest
from engine.ports import Record


def continues(file: BinaryIO, place: Place) -> bool:
    """Whether a compressed file unpacks to the content that was read up to a place."""
    head, tail, size = b"", b"", 0
    # Its problems are reported when it is read.
    for data in _unpacked(file, Context("", lambda _: None, Limits())):
        head += data[: max(0, place.head_size - len(head))]
        tail = (tail + data[: max(0, place.offset - size)])[-PRINT:]
        size += len(data)
        if size >= place.offset and len(head) >= place.head_size:
            return digest(head) == place.head and digest(tail) == place.tail
    return False


def unread(file: BinaryIO, place: Place, context: Context) -> Iterator[Record]:
    """The events of a compressed file's lines behind a place."""
    return read_lines(_behind(_unpacked(file, context), place.offset), context, place.line + 1)


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """A whole open file in blocks."""
    file.seek(0)
    while block := file.read(BLOCK):
        yield block


def _unpacked(file: BinaryIO, context: Context) -> Iterator[bytes]:
    file.seek(0)
    unpack = decompressor(file.read(8))
    return unpack(blocks(file), context) if unpack else iter(())


def _behind(data: Iterator[bytes], offset: int) -> Iterator[bytes]:
    for block in data:
        if offset < len(block):
            yield block[offset:]
        offset = max(0, offset - len(block))
