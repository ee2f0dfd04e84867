"""Text of other encodings to UTF-8: byte order marks, and the UTF-16 that PowerShell writes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from connectors.files.blocks import peek
from connectors.files.limits import Context


def encoding(head: bytes) -> str | None:
    """The UTF-16 variant that a text begins in, by its mark or its first character; or None."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    if head[1:2] == b"\0" and head[:1] in (b"{", b"["):
        return "utf-16-le"
    if head[:1] == b"\0" and head[1:2] in (b"{", b"["):
        return "utf-16-be"
    return None


def utf8(blocks: Iterator[bytes], context: Context) -> Iterator[bytes]:
    """The same text in UTF-8 without a byte order mark.

    Half of a surrogate pair is passed on in bytes that are no UTF-8, for the parser to report
    with its line.
    """
    head, blocks = peek(blocks, 4)
    if name := encoding(head):
        return _transcoded(blocks, name, context)
    return _unmarked(blocks)


def _unmarked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(blocks, b"")
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _transcoded(blocks: Iterator[bytes], name: str, context: Context) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(name)("surrogatepass")
    start = True
    for block in blocks:
        text = decoder.decode(block)
        if start and text:
            text, start = text.removeprefix("\ufeff"), False
        yield text.encode("utf-8", "surrogatepass")
    if decoder.getstate()[0]:
        context.tell("invalid-utf8", "the text ends within a UTF-16 character")
