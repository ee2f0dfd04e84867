"""gzip and zstd as streams: every member and frame, what a damaged file still gives, no bombs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import zstandard

from connectors.files.limits import BLOCK, Context

# A zstd block of 4 bytes may stand for 128 KiB: so little input gives at most 64 MiB at once.
_ZSTD_PIECE = 2048
_GZIP_PIECE = 1 << 16
_MOST = 1 << 20
_WINDOW = 1 << 27

Decompressor = Callable[[Iterator[bytes], Context], Iterator[bytes]]


def decompressor(head: bytes) -> Decompressor | None:
    """What decompresses a file that begins with these bytes; None when it is not compressed."""
    if head.startswith(b"\x1f\x8b"):
        return gunzip
    if head.startswith(b"\x28\xb5\x2f\xfd") or (
        head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F
    ):
        return unzstd
    return None


def gunzip(blocks: Iterator[bytes], context: Context) -> Iterator[bytes]:
    """The decompressed bytes of every member of a gzip file."""
    meter = _Meter(context)
    return meter.guard(_members(meter.feed(blocks, _GZIP_PIECE), context))


def unzstd(blocks: Iterator[bytes], context: Context) -> Iterator[bytes]:
    """The decompressed bytes of every frame of a zstd file."""
    meter = _Meter(context)
    return meter.guard(_frames(meter.feed(blocks, _ZSTD_PIECE), context))


class _Meter:
    """Weighs what came out of a decompressor against what went in."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._fed = 0

    def feed(self, blocks: Iterator[bytes], piece: int) -> Iterator[bytes]:
        """The blocks cut into pieces, each counted as it goes in."""
        for block in blocks:
            for at in range(0, len(block), piece):
                part = block[at : at + piece]
                self._fed += len(part)
                yield part

    def guard(self, output: Iterator[bytes]) -> Iterator[bytes]:
        """Pass the output on in blocks, up to where it is too much."""
        made = 0
        for data in output:
            room, why = self._room()
            for at in range(0, min(len(data), room - made), BLOCK):
                yield data[at : min(at + BLOCK, room - made)]
            made += len(data)
            if made > room:
                self._context.tell("compression-bomb", f"{why}; the rest is not read")
                return

    def _room(self) -> tuple[int, str]:
        """How many bytes may have come out by now, and what it means when there are more."""
        limits = self._context.limits
        room = max(limits.ratio_after, limits.ratio * self._fed)
        if limits.total is not None and limits.total < room:
            return limits.total, f"more than {limits.total} bytes come out of it"
        return room, f"more than {limits.ratio} bytes come out of each one in it"


def _members(pieces: Iterator[bytes], context: Context) -> Iterator[bytes]:
    member, first = None, True
    for data in pieces:
        while data:
            if member is None:
                # Some writers pad a member with zeros; gzip itself passes over them.
                data = data if first else data.lstrip(b"\0")
                if not data:
                    break
                member = zlib.decompressobj(wbits=31)
            saved = member.copy()
            try:
                out = member.decompress(data, _MOST)
            except zlib.error as error:
                yield _salvage(saved, data)
                context.tell("corrupt-gzip", f"{error}; the rest is not read")
                return
            yield out
            data = member.unused_data if member.eof else member.unconsumed_tail
            if member.eof:
                member, first = None, False
    if member is not None:
        yield member.flush()
        if not member.eof:
            context.tell("truncated-gzip", "it ends before its end mark; what there is was read")


def _salvage(member: zlib._Decompress, data: bytes) -> bytes:
    """What still comes out byte by byte: a failing call gives nothing of what it decoded."""
    out = []
    try:
        for at in range(len(data)):
            out.append(member.decompress(data[at : at + 1]))
    except zlib.error:
        pass
    return b"".join(out)


def _frames(pieces: Iterator[bytes], context: Context) -> Iterator[bytes]:
    frame = None
    for data in pieces:
        while data:
            if frame is None:
                frame = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
            try:
                yield frame.decompress(data)
            except zstandard.ZstdError as error:
                context.tell("corrupt-zstd", f"{error}; the rest is not read")
                return
            data = frame.unused_data if frame.eof else b""
            if frame.eof:
                frame = None
    if frame is not None:
        context.tell("truncated-zstd", "it ends before its end mark; what there is was read")
