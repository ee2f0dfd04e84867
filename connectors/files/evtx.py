"""Windows event logs (EVTX), a chunk of 64 KiB at a time, damaged ones as far as they go."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import orjson
from evtx import PyEvtxParser

from connectors.files.blocks import Exact
from connectors.files.evtx_chunk import CHUNK, Span, rebuilt, spans
from connectors.files.limits import Context
from connectors.files.parse import depth, might_nest, too_deep
from engine.ports import Record

MAGIC = b"ElfFile\0"
_HEADER = 4096
# A file header of our own for each chunk: what stands in the file's may be damaged.
_FILE = struct.pack("<8sQQQIHHHH", MAGIC, 0, 0, 2, 128, 1, 3, _HEADER, 1).ljust(_HEADER, b"\0")


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why the parser could not read a record, or a chunk."""

    why: str


def read_evtx(blocks: Iterator[bytes], context: Context) -> Iterator[Record]:
    """Every event of an EVTX file, in its order; `line` is the record's number in the file.

    What is missing or damaged is reported as `truncated-evtx` or `corrupt-evtx-record`.
    """
    stream = Exact(blocks)
    header = stream.take(_HEADER)
    if len(header) < _HEADER:
        context.tell("truncated-evtx", "it ends within its header")
        return
    (announced,) = struct.unpack_from("<H", header, 42)
    chunks = line = 0
    while chunk := stream.take(CHUNK):
        chunks += 1
        found = spans(chunk, len(chunk)) if any(chunk) else []
        yield from _chunk(chunk, found, line + 1, context)
        line += len(found)
        if len(chunk) < CHUNK:
            context.tell("truncated-evtx", f"it ends within chunk {chunks}", line or None)
            return
    if chunks < announced:
        context.tell("truncated-evtx", f"{announced} chunks announced, {chunks} there", line)


def _chunk(chunk: bytes, found: list[Span], line: int, context: Context) -> Iterator[Record]:
    answers = _parsed(rebuilt(chunk, found)) if found else iter(())
    for at, span in enumerate(found, line):
        if span.number is None:
            next(answers, None)
            # A cut within the last chunk is told once, as a truncation.
            if span.end < CHUNK or len(chunk) == CHUNK:
                size = span.end - span.start
                context.tell("corrupt-evtx-record", f"{size} bytes hold no whole record", at)
            continue
        answer = next(answers, _Failed("the parser stopped before it"))
        if isinstance(answer, _Failed):
            context.tell("corrupt-evtx-record", f"record {span.number}: {answer.why}", at)
        else:
            yield from _record(answer, span.number, at, context)


def _parsed(chunk: bytes) -> Iterator[bytes | _Failed]:
    """The parser's answer for each record of a chunk, in order: JSON, or why there is none."""
    parser: Any = None
    while True:
        try:
            if parser is None:
                parser = PyEvtxParser(BytesIO(_FILE + chunk), 1).records_json()
            answer = next(parser)["data"].encode()
        except StopIteration:
            return
        except (RuntimeError, OSError, ValueError) as error:
            yield _Failed(_sentence(error))
            if parser is None:
                return
        except BaseException as error:
            # A panic of the native parser arrives outside Exception, under a class that cannot
            # be imported.
            if type(error).__name__ != "PanicException":
                raise
            yield _Failed("the parser gave up")
            return
        else:
            yield answer


def _sentence(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:300]


def _record(text: bytes, number: int, line: int, context: Context) -> Iterator[Record]:
    limits = context.limits
    if len(text) > limits.line:
        message = f"record {number} takes {len(text)} bytes; at most {limits.line} are read"
        context.tell("line-too-long", message, line)
        return
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        deep = "limit" in error.msg
        kind = "too-deep" if deep else "corrupt-evtx-record"
        context.tell(kind, f"record {number}: {too_deep(context) if deep else error.msg}", line)
        return
    event = document.get("Event") if isinstance(document, dict) else None
    if not isinstance(event, dict):
        context.tell("corrupt-evtx-record", f"record {number} holds no event", line)
    elif might_nest(text, limits.depth) and depth(document) > limits.depth:
        context.tell("too-deep", f"record {number}: {too_deep(context)}", line)
    else:
        yield Record(document, context.origin, id=_name(event.get("System"), number), line=line)


def _name(system: Any, number: int) -> str | None:
    """Computer, channel, record id and time, which together name an event for good."""
    if not isinstance(system, dict):
        return None
    created = system.get("TimeCreated")
    attributes = created.get("#attributes") if isinstance(created, dict) else None
    time = attributes.get("SystemTime") if isinstance(attributes, dict) else None
    parts = [_text(system.get("Computer")), _text(system.get("Channel"))]
    parts += [_text(system.get("EventRecordID")) or str(number), _text(time)]
    known = [part for part in parts if part]
    return "|".join(known) if len(known) == len(parts) else None


def _text(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("#text")
    return str(value) if isinstance(value, str | int) else None
