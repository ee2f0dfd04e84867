"""JSON text of any layout: lines, arrays, wrapped lists, values over many lines.

What a file is shows in its first value. When that is an object alone on its line, the file is
newline-delimited and `json_lines` reads on: there each line stands for itself, so a broken one
cannot take others with it. Else values are found one after the other by their brackets, and the
elements of a list one at a time, so that no list has to fit in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from connectors.files.extent import BrokenError, Extent
from connectors.files.json_lines import line_records, read_lines, whole_lines
from connectors.files.limits import Context
from connectors.files.parse import NOTHING, might_nest, parse
from connectors.files.unwrap import record, records
from connectors.files.window import Window
from engine.ports import Record

_SCALAR = rb'(?:"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|[-+.\w]++)'
_SMALL = rb"(?:" + _SCALAR + rb"|\{[^{}\[\]]{0,2000}\})"
_LIST = re.compile(
    rb'\{\s*(?:"@odata\.\w+"\s*:\s*' + _SCALAR + rb'\s*,\s*){0,9}"(?:Records|records|value)"\s*:\s*'
    rb"\[\s*(?=[{\]])"
)
_HITS = re.compile(
    rb'\{\s*(?:"(?:_scroll_id|pit_id|took|timed_out|terminated_early|num_reduce_phases|_shards'
    rb'|_clusters)"\s*:\s*' + _SMALL + rb'\s*,\s*){0,9}"hits"\s*:\s*\{\s*'
    rb'(?:"(?:total|max_score)"\s*:\s*' + _SMALL + rb'\s*,\s*){0,9}"hits"\s*:\s*\[\s*(?=[{\]])'
)
_ARRAY = re.compile(rb"\[\s*+(?:[{\]]|\Z)")
_ALONE = re.compile(rb"[ \t\r]*+(?:\n|\Z)")
_NEXT_ELEMENT = re.compile(rb"\n[ \t]*+,?[ \t]*+(?=\{)")
_COMMAS = re.compile(rb"[,\s]++")
_ELEMENT_END = re.compile(rb"[,\]\n]")


def read_json(blocks: Iterator[bytes], context: Context) -> Iterator[Record]:
    """Every event of a JSON text, in order, by whatever layout it has."""
    return _Documents(Window(blocks), context).read()


class _Documents:
    """Reads one text; `_documents` is set once a value has shown it is not one event a line."""

    def __init__(self, window: Window, context: Context) -> None:
        self._window, self._context = window, context
        self._documents = False

    def read(self) -> Iterator[Record]:
        window = self._window
        if not window.skip_space():
            self._context.tell("empty-file", "nothing but space in it")
            return
        while window.skip_space():
            first = window.data[window.pos]
            if first == ord("[") and self._opens_array():
                self._documents = True
                window.advance(window.pos + 1)
                yield from self._elements(b"")
            elif first == ord("{"):
                if self._is_lines():
                    yield from read_lines(window.rest(), self._context, window.line)
                    return
                yield from self._object()
            else:
                yield from self._stray()

    def _opens_array(self) -> bool:
        """Whether `[` begins a list of events rather than, say, the date of a log line."""
        window = self._window
        while (found := _ARRAY.match(window.data, window.pos)) and found.end() == len(window.data):
            if window.data[found.end() - 1] in b"{]" or not window.more():
                break
        return found is not None

    def _is_lines(self) -> bool:
        """Whether the object ahead stands alone on its line (an empty one says nothing)."""
        window = self._window
        if self._documents or window.left_line:
            return False
        extent = Extent(strict=True)
        try:
            while (end := extent.find(window.data, window.pos)) is None:
                if window.size > self._context.limits.line or not window.more():
                    return False
        except BrokenError:
            return False
        while not (alone := _ALONE.match(window.data, end)) or alone.end() == len(window.data):
            size = end - window.pos
            if alone is None or b"\n" in alone[0] or not window.more():
                break
            end = window.pos + size
        text = window.data[window.pos : end]
        if alone is None or b"\n" in text or not text.strip(b"{} \t"):
            return False
        return len(text) <= self._context.limits.line or self._wrapped() is None

    def _wrapped(self) -> tuple[int, bytes] | None:
        """Where the list begins that the object ahead is a wrapper of, and the brackets around."""
        window = self._window
        for wrapper, inside in ((_LIST, b"{"), (_HITS, b"{{")):
            if found := wrapper.match(window.data, window.pos):
                return found.end(), inside
        return None

    def _object(self) -> Iterator[Record]:
        """One object at the top, or the list that it wraps."""
        window, line = self._window, self._window.line
        extent = Extent(strict=True)
        try:
            while True:
                end = extent.find(window.data, window.pos)
                over = (end or len(window.data)) - window.pos > self._context.limits.line
                if (end is None or over) and (wrapped := self._wrapped()):
                    self._documents = True
                    window.advance(wrapped[0])
                    yield from self._elements(wrapped[1])
                    return
                if over:
                    self._over(end, line)
                    return
                if end is not None:
                    break
                if not window.more():
                    yield from self._cut(line)
                    return
        except BrokenError as broken:
            self._resume(broken.at, line)
            return
        text = window.data[window.pos : end]
        window.advance(end)
        if b"\n" in text:
            self._documents = True
        value = parse(text, line, self._context)
        if value is not NOTHING:
            yield from records(value, text, line, self._context)

    def _over(self, end: int | None, line: int) -> None:
        """Pass a value that is too long; where it ends is not known while it is not all in view."""
        self._context.tell("line-too-long", _too_long(self._context), line)
        self._window.advance(end or len(self._window.data))
        if end is None:
            self._window.skip_line()
            self._to_start()

    def _cut(self, line: int) -> Iterator[Record]:
        """The text ends inside a value. Lines behind its first may be whole events still: they
        are looked at one by one, for to look for values again and again takes quadratic time."""
        self._context.tell("malformed-json", "the text ends inside this value", line)
        window = self._window
        window.skip_line()
        told = replace(self._context, report=lambda _: None)
        line = window.line
        for lines in whole_lines(window.rest(), told, line):
            yield from line_records([text.rstrip(b", \t\r") for text in lines], line, told)
            line += len(lines)
        window.end()

    def _resume(self, at: int, line: int) -> None:
        """Go on after a value that broke `at` bytes in: a line cut short takes no other with it,
        while the rest of a broken document is left out as one."""
        window = self._window
        start = window.data.rfind(b"\n", window.pos, window.pos + at) + 1
        lines = window.data.count(b"\n", window.pos, window.pos + at)
        column = window.pos + at - (start if lines else window.pos) + 1
        self._context.tell("malformed-json", f"broken off at column {column}", line + lines)
        if lines > 2:
            window.advance(start)
        else:
            window.skip_line()
        if lines > 1:
            self._to_start()
        elif lines:
            self._to_start(line + lines)

    def _to_start(self, last: int | None = None) -> None:
        """Go to the next line that may begin a value, at most past the line `last`."""
        window = self._window
        while window.skip_space() and window.data[window.pos] not in b"{[":
            if last is not None and window.line > last:
                return
            window.skip_line()

    def _stray(self) -> Iterator[Record]:
        """A line that begins no object and no list of them; a plain log has events in its lines."""
        line, cap = self._window.line, self._context.limits.line
        text = self._window.take_line(cap)
        if text is None:
            self._context.tell("line-too-long", f"at most {cap} bytes of a line are read", line)
            return
        value = parse(text, line, self._context)
        if value is not NOTHING:
            yield from record(value, line, self._context, deep=False)
        if isinstance(value, dict) and not self._documents:
            yield from read_lines(self._window.rest(), self._context, self._window.line)
            self._window.end()

    def _elements(self, inside: bytes) -> Iterator[Record]:
        """The events of a list whose `[` was passed; `inside` is the brackets around the list."""
        window, context = self._window, self._context
        while window.skip_space():
            char = window.data[window.pos]
            if char == ord("]"):
                window.advance(window.pos + 1)
                self._trailer(inside)
                return
            if char == ord(","):
                window.advance(_COMMAS.match(window.data, window.pos).end())  # type: ignore[union-attr]
                continue
            line = window.line
            try:
                text = self._element()
            except EOFError:
                yield from self._cut(line)
                return
            if text is None:
                continue
            value = parse(text, line, context)
            if value is not NOTHING:
                deep = might_nest(text, context.limits.depth)
                yield from record(value, line, context, deep=deep)
        context.tell("malformed-json", "the text ends inside a list", window.line)

    def _element(self) -> bytes | None:
        """The text of one element of a list, gone past; None when it had to be left out.

        Raises EOFError when the text ends inside it.
        """
        window, cap, line = self._window, self._context.limits.line, self._window.line
        if window.data[window.pos] not in b"{[":
            return self._scalar()
        extent = Extent(strict=False)
        try:
            while (end := extent.find(window.data, window.pos)) is None:
                if window.size > cap:
                    self._context.tell("line-too-long", _too_long(self._context), line)
                    window.advance(len(window.data))
                    self._next_element()
                    return None
                if not window.more():
                    raise EOFError
        except BrokenError as broken:
            self._context.tell("malformed-json", f"broken off {broken.at} bytes in", line)
            newline = window.data.rfind(b"\n", window.pos, window.pos + broken.at)
            window.advance(max(newline, window.pos))
            self._next_element()
            return None
        text = window.data[window.pos : end]
        window.advance(end)
        if len(text) > cap:
            self._context.tell("line-too-long", _too_long(self._context), line)
            return None
        return text

    def _scalar(self) -> bytes:
        window = self._window
        while not (found := _ELEMENT_END.search(window.data, window.pos + 1)):
            if window.size > self._context.limits.line or not window.more():
                break
        end = found.start() if found else len(window.data)
        text = window.data[window.pos : end]
        window.advance(end)
        return text

    def _next_element(self) -> None:
        """Go to the next line that begins an object, still inside the list."""
        window = self._window
        while not (found := _NEXT_ELEMENT.search(window.data, window.pos)):
            # A newline and what follows it may still come to the pattern with the next block.
            tail = window.data.rfind(b"\n", window.pos)
            window.advance(max(tail, window.pos) if tail >= 0 else len(window.data))
            if not window.more():
                window.advance(len(window.data))
                return
        window.advance(found.end())

    def _trailer(self, inside: bytes) -> None:
        """Pass what stands behind a wrapped list, up to the end of its wrapper."""
        if not inside:
            return
        window, extent = self._window, Extent(strict=False, inside=inside)
        try:
            while (end := extent.find(window.data, window.pos)) is None:
                if window.size > self._context.limits.line or not window.more():
                    break
        except BrokenError:
            end = None
        if end is None:
            self._context.tell("malformed-json", "the list's wrapper is not closed", window.line)
            window.skip_line()
        else:
            window.advance(end)


def _too_long(context: Context) -> str:
    return f"a value of more than {context.limits.line} bytes; it is not read"
