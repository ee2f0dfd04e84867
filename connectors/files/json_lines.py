"""Newline-delimited JSON from blocks of bytes, at the speed of the parser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from connectors.files.limits import Context
from connectors.files.parse import NOTHING, might_nest, parse
from connectors.files.split import split
from connectors.files.unwrap import records
from engine.ports import Record, Unread

RAW_KEPT = 65_536
"""Bytes of the longest line that is kept beside its event, for a first look at it."""


def read_lines(blocks: Iterable[bytes], context: Context, line: int = 1) -> Iterator[Record]:
    """Every event of newline-delimited JSON; `line` is the number of the first line."""
    for lines in whole_lines(blocks, context, line):
        yield from line_records(lines, line, context)
        line += len(lines)


def line_records(lines: list[bytes], line: int, context: Context) -> list[Record]:
    """The events of some lines, of which the first is number `line`."""
    found: list[Record] = []
    # Looked up once: this loop runs once an event and is what the reading speed hangs on.
    loads, add, origin, deepest = orjson.loads, found.append, context.origin, context.limits.depth
    look = context.look or _no_look
    for number, text in enumerate(lines, line):
        candidates = look(text) if len(text) <= RAW_KEPT else None
        if candidates == () and not might_nest(text, deepest):
            add(Unread(text, origin, number))
            continue
        raw = text if len(text) <= RAW_KEPT else None
        try:
            value = loads(text)
        except orjson.JSONDecodeError:
            value, raw = parse(text, number, context), None  # the text is not the event's JSON
            if value is NOTHING:
                continue
        # What `might_wrap` and `might_nest` say, without the price of calling them.
        if (
            type(value) is not dict
            or "_source" in value
            or "hits" in value
            or "Records" in value
            or "records" in value
            or "value" in value
            or (len(text) > deepest and text.count(b"{") + text.count(b"[") > deepest)
        ):
            found.extend(records(value, text, number, context))
        else:
            add(Record(value, origin, None, None, number, raw, candidates))
    return found


def _no_look(_text: bytes, /) -> None:
    """Nobody asks."""


def whole_lines(blocks: Iterable[bytes], context: Context, line: int = 1) -> Iterator[list[bytes]]:
    """Lists of lines without their newline, in order; the last line needs none.

    A line over the limit becomes an empty one; what is held of it is at most one block longer.
    """
    held: list[bytes] = []
    size, cap = 0, context.limits.line
    for block in blocks:
        found = split(held, block)
        if found is None:
            held, size = _hold(held, block, size, cap)
            continue
        lines, rest = found
        before = 0 if held else size  # what was let go of
        size = before + len(lines[0])
        if size > cap or len(block) > cap:
            _cap(lines, size, line, context)
        line += len(lines)
        yield lines
        held, size = _hold([], rest, 0, cap)
    if size:
        lines = [b"".join(held)]
        _cap(lines, size, line, context)
        yield lines


def _hold(held: list[bytes], part: bytes, size: int, cap: int) -> tuple[list[bytes], int]:
    """Add a part to the line begun, or let go of it all once the line is too long."""
    size += len(part)
    if size > cap:
        return [], size
    held.append(part)
    return held, size


def _cap(lines: list[bytes], first: int, line: int, context: Context) -> None:
    """Report and blank the lines over the limit; `first` is the true size of the first one."""
    cap = context.limits.line
    if first <= cap and max(map(len, lines)) <= cap:
        return
    for at, text in enumerate(lines):
        size = len(text) if at else first
        if size > cap:
            context.tell("line-too-long", f"{size} bytes; at most {cap} are read", line + at)
            lines[at] = b""
