"""One file's bytes to its records, by what the bytes are rather than what the name says."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.files.blocks import peek
from connectors.files.decompress import decompressor
from connectors.files.evtx import MAGIC as EVTX
from connectors.files.evtx import read_evtx
from connectors.files.json_document import read_json
from connectors.files.limits import Context
from connectors.files.text import utf8
from engine.ports import Record

_FOREIGN = {
    b"PK\x03\x04": "a zip archive",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"SQLite format 3\0": "an SQLite database",
    b"MZ": "a Windows program",
    b"\x7fELF": "a program",
    b"%PDF": "a PDF",
    b"PAR1": "Parquet",
    b"\xd4\xc3\xb2\xa1": "a packet capture",
    b"\x0a\x0d\x0d\x0a": "a packet capture",
    b"\x30\0\0\0LfLe": "a Windows log from before EVTX",
}


def read(blocks: Iterator[bytes], context: Context) -> Iterator[Record]:
    """Every event of a file given as blocks of bytes, compressed or not."""
    head, blocks = peek(blocks, 8)
    if unpack := decompressor(head):
        blocks = unpack(blocks, context)
        head, blocks = peek(blocks, 8)
        if decompressor(head):
            context.tell("unknown-format", "compressed twice; only one layer is undone")
            return
    if not head:
        context.tell("empty-file", "nothing in it")
    elif head.startswith(EVTX):
        yield from read_evtx(blocks, context)
    elif foreign := _foreign(head):
        context.tell("unknown-format", f"{foreign}, which is neither JSON nor EVTX")
    else:
        yield from read_json(utf8(blocks, context), context)


def _foreign(head: bytes) -> str | None:
    return next((name for magic, name in _FOREIGN.items() if head.startswith(magic[:8])), None)
