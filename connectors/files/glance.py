"""Lines of plain text with what is made of each: for looking at a source, not for rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from connectors.files.blocks import peek
from connectors.files.dated import parse_text
from connectors.files.decompress import decompressor
from connectors.files.evtx import MAGIC
from connectors.files.limits import BLOCK, Context
from connectors.files.plain import parse_plain
from connectors.files.text import encoding, utf8
from engine.ports import Record

LONGEST = 1 << 16
"""Bytes of a line that are kept."""


def is_plain(path: Path, context: Context) -> bool:
    """Whether a file is text and begins like neither JSON nor EVTX. Raises OSError."""
    with path.open("rb") as file:
        head, _ = peek(_blocks(iter(lambda: file.read(BLOCK), b""), context), 64)
    if head.startswith(MAGIC) or encoding(head) or b"\0" in head:
        return False
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return first not in (b"", b"{", b"[") or (
        head.startswith((b"[", b"\xef\xbb\xbf[")) and (not _json_list(head))
    )


def _json_list(head: bytes) -> bool:
    """`[` may begin a list of events, or a line such as `[Sun Dec 04 …] [error] …`."""
    after = head.lstrip(b"\xef\xbb\xbf \t\r\n").removeprefix(b"[").lstrip()
    return after[:1] in (b"", b"{", b"]", b"[", b'"')


def read_plain(path: Path, context: Context, now: datetime) -> Iterator[Record]:
    """Each line that is not empty: the event in it, else its time and text. Raises OSError.

    The record's `raw` is the line. Bytes that are no UTF-8 become U+FFFD; a line is cut at 64 KiB,
    and reported. `now` tells the year of a time that has none.
    """
    with path.open("rb") as file:
        blocks = _blocks(iter(lambda: file.read(BLOCK), b""), context)
        for number, line in enumerate(_lines(utf8(blocks, context)), 1):
            if len(line) > LONGEST:
                context.tell("line-cut", f"longer than {LONGEST} bytes", number)
            text = line[:LONGEST].rstrip(b"\r\n").decode("utf-8", "replace")
            if text.strip():
                document = parse_plain(text, now) or parse_text(text, now, context.times)
                yield Record(document, context.origin, line=number, raw=line[:LONGEST])


def _blocks(blocks: Iterator[bytes], context: Context) -> Iterator[bytes]:
    """The blocks of a file, unpacked where it is compressed."""
    head, blocks = peek(blocks, 8)
    unpack = decompressor(head)
    return unpack(blocks, context) if unpack else blocks


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines, of which one that is too long is given cut; memory stays bounded."""
    rest = b""
    for block in blocks:
        *whole, last = (rest + block).split(b"\n")
        yield from whole
        rest = last[: LONGEST + 1]
    if rest:
        yield rest
