"""Where a JSON object or array ends, found without parsing it and without recursion."""

from __future__ import annotations

import re

_STRICT = re.compile(
    rb'[^"{}\[\]]*+(?:"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL
)
_LOOSE = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL)
_OPENED_STRING = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+\\?+')

_CLOSES = {ord("}"): ord("{"), ord("]"): ord("[")}
_SPACE = b" \t\r\n"


class BrokenError(Exception):
    """The text cannot be JSON; `at` is the offset, from the value's start, where that shows."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class Extent:
    """Finds the end of one value, over as many looks at a growing buffer as it takes.

    With `strict` a newline inside a string breaks the value, as JSON says it does: that tells a
    line cut short from the start of a document of many lines. `inside` is the brackets already
    open before the text begins.
    """

    def __init__(self, *, strict: bool, inside: bytes = b"") -> None:
        self._run = _STRICT if strict else _LOOSE
        self._strict = strict
        self._open = bytearray(inside)
        self._at = 0
        self._last = inside[-1] if inside else ord(",")

    def find(self, data: bytes, start: int) -> int | None:
        """The offset past the value's end in `data`; None when the text stops before it.

        `start` is where the value (not this look) begins in `data`. Raises `BrokenError`.
        """
        at = start + self._at
        while True:
            end = self._run.match(data, at).end()  # type: ignore[union-attr]  # always matches
            if end == len(data):
                return None
            if data[end] == ord('"'):
                self._string(data, start, end)
                return None
            self._bracket(data, start, at, end)
            at = end + 1
            self._at = at - start
            if not self._open:
                return at

    def _bracket(self, data: bytes, start: int, after: int, at: int) -> None:
        """Open or close a level. An opener where JSON has none shows that two values ran
        together."""
        bracket = data[at]
        opener = _CLOSES.get(bracket)
        if opener is not None:
            if not self._open or self._open.pop() != opener:
                raise BrokenError(at - start)
        else:
            allowed = b"," if not self._open else b":" if self._open[-1] == ord("{") else b"[,"
            if self._before(data, after, at) not in allowed:
                raise BrokenError(at - start)
            self._open.append(bracket)
        self._last = bracket

    def _before(self, data: bytes, after: int, at: int) -> int:
        """The last character before `at` that is no space; the last bracket when there is none."""
        while at > after:
            at -= 1
            if data[at] not in _SPACE:
                return data[at]
        return self._last

    def _string(self, data: bytes, start: int, at: int) -> None:
        """Accept a string that the text stops in; break on one that a newline cuts."""
        if not self._strict:
            return
        end = _OPENED_STRING.match(data, at).end()  # type: ignore[union-attr]  # always matches
        if end < len(data):
            raise BrokenError(end - start)
