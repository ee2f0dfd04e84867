"""One text to a value: JSON first, then plain logs, then what can be mended without guessing."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from connectors.files.dated import parse_text
from connectors.files.limits import Context
from connectors.files.plain import parse_plain

NOTHING: Final = object()
"""What stands for a text that holds no value."""

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def parse(text: bytes, line: int, context: Context) -> Any:
    """The value of a JSON text that starts on `line`, or `NOTHING`, with a problem reported.

    A line of syslog or of an audit log has the event in it as its value.

    Invalid UTF-8 and lone surrogates become U+FFFD and the event is kept: else one byte in a
    file name would hide an event. Blank text, and the zeros that a crash leaves, are no value.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return _mended(text, line, context, error)


def _mended(text: bytes, line: int, context: Context, error: orjson.JSONDecodeError) -> Any:
    trimmed = text.strip(b"\0 \t\r\n").removeprefix(codecs.BOM_UTF8)
    if not trimmed:
        return NOTHING
    if (event := _plain(trimmed, context)) is not None:
        return event
    decoded = trimmed if trimmed.isascii() else _valid(trimmed)
    for kind, message, mended in (
        ("", "", trimmed),
        ("invalid-utf8", "bytes that are not UTF-8 were replaced", decoded),
        ("lone-surrogate", "half of a surrogate pair was replaced", _paired(decoded)),
    ):
        if mended == text:
            continue
        text = mended
        try:
            value = orjson.loads(mended)
        except orjson.JSONDecodeError as again:
            error = again
            continue
        if kind:
            context.tell(kind, message, line)
        return value
    if context.text and not trimmed.startswith(b"{"):
        return _text(trimmed, context)
    _tell(error, trimmed, line, context)
    return NOTHING


def _plain(text: bytes, context: Context) -> dict[str, Any] | None:
    """The event in a line that is of no JSON, where its form is known or does not matter."""
    if text[:1] in (b"{", b"["):
        return None
    event = parse_plain(text.decode("utf-8", "replace"), context.written or datetime.now(UTC))
    return event or (_text(text, context) if context.text else None)


def _text(text: bytes, context: Context) -> dict[str, Any]:
    line = text.decode("utf-8", "replace")
    return parse_text(line, context.written or datetime.now(UTC), context.times)


def _valid(text: bytes) -> bytes:
    return text.decode("utf-8", "replace").encode()


def _paired(text: bytes) -> bytes:
    if b"\\u" not in text:
        return text
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], text)


def _tell(error: orjson.JSONDecodeError, text: bytes, line: int, context: Context) -> None:
    if text[:1].isalnum() or text[:1] == b"<":
        message = "neither JSON nor a log of a form that is known"
        context.tell("malformed-json", message, line)
        return
    if "limit" in error.msg:
        context.tell("too-deep", too_deep(context), line)
        return
    context.tell("malformed-json", f"{error.msg} at column {error.colno}", line + error.lineno - 1)


def too_deep(context: Context) -> str:
    """The message for an event nested past the limit."""
    return f"nested more than {context.limits.depth} levels deep"


def might_nest(text: bytes, levels: int) -> bool:
    """Whether a JSON text has brackets enough to be nested deeper than `levels`."""
    return text.count(b"{") + text.count(b"[") > levels


def depth(value: Any) -> int:
    """How many levels of objects and arrays a value has; a scalar has none."""
    levels, row = 0, [value]
    while row := [part for part in row if isinstance(part, dict | list)]:
        levels += 1
        row = [
            part
            for holder in row
            for part in (holder.values() if isinstance(holder, dict) else holder)
        ]
    return levels
