"""The records of one EVTX chunk, found by their own marks, and the chunk made fit to be parsed.

The parser stops at the first broken record header and says nothing of records that a truncation
took away. So each record is found here first (magic, size, and the size again at its end); the
gaps between are dressed up as records that parse to nothing; and the chunk's header, with its
tables of shared strings and templates (an optimisation only), is written anew.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

CHUNK = 65536
HEADER = 512
MAGIC = b"ElfChnk\0"

_RECORD = struct.Struct("<4sIQQ")
_RECORD_MAGIC = b"**\0\0"
_SMALLEST = _RECORD.size + 4


@dataclass(frozen=True, slots=True)
class Span:
    """One record, or (`number` None) a stretch of the chunk that holds none that can be read."""

    start: int
    end: int
    number: int | None


def spans(chunk: bytes, size: int) -> list[Span]:
    """What lies in a chunk of which `size` bytes exist, in order.

    Behind the end that the header gives may stand records of the file's previous round: there
    only a record that continues the numbers belongs to the chunk.
    """
    found: list[Span] = []
    at, end, last = HEADER, _used(chunk), None
    while (begin := _next(chunk, at, size)) is not None:
        _, length, number, _ = _RECORD.unpack_from(chunk, begin)
        if begin >= end and (begin > at or last is None or number != last + 1):
            break
        if begin > at:
            found.append(Span(at, begin, None))
        found.append(Span(begin, begin + length, number))
        at, last = begin + length, number
    if at < end and (size < CHUNK or any(chunk[at:end])):
        found.append(Span(at, CHUNK, None))
    return found


def rebuilt(chunk: bytes, found: list[Span]) -> bytes:
    """The chunk with a fresh header and every unreadable stretch given a record's outside."""
    whole = bytearray(chunk.ljust(CHUNK, b"\0"))
    end = found[-1].end if found else HEADER
    whole[:HEADER] = bytes(HEADER)
    struct.pack_into("<8sQQQQIII", whole, 0, MAGIC, 1, len(found), 1, len(found), 128, end, end)
    for span in found:
        if span.number is None:
            whole[span.start : span.end] = b"\xff" * (span.end - span.start)
            size = span.end - span.start
            _RECORD.pack_into(whole, span.start, _RECORD_MAGIC, size, 0, 0)
    return bytes(whole)


def _used(chunk: bytes) -> int:
    """Where the header says that the records end; the whole chunk when it says nothing sane."""
    if chunk.startswith(MAGIC) and len(chunk) >= 52:
        (end,) = struct.unpack_from("<I", chunk, 48)
        if HEADER <= end <= CHUNK:
            return int(end)
    return CHUNK


def _next(chunk: bytes, at: int, size: int) -> int | None:
    """Where the first whole record at or behind `at` begins.

    A stretch too short to be dressed up as a record is passed over with the one behind it.
    """
    begin = at - 1
    while (begin := chunk.find(_RECORD_MAGIC, begin + 1, size)) >= 0:
        if begin + _SMALLEST > size or 0 < begin - at < _SMALLEST:
            continue
        length = int.from_bytes(chunk[begin + 4 : begin + 8], "little")
        stop = begin + length
        if length < _SMALLEST or stop > size:
            continue
        if int.from_bytes(chunk[stop - 4 : stop], "little") == length:
            return begin
    return None
