"""A view on a stream of bytes that keeps only what has not been dealt with yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from connectors.files.limits import BLOCK

_SPACE = re.compile(rb"[\0 \t\r\n]*+")


class Window:
    """Bytes from `pos` on, grown by `more` and let go of by `advance`; counts lines from 1."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self.data, self.pos, self.line = b"", 0, 1
        self.left_line = False
        """Whether something other than space stands before `pos` on its line."""

    def more(self) -> bool:
        """Take in as much again as is in view; false at the end of the stream.

        Offsets in `data` move; `pos` stays at the same byte."""
        parts = [self.data[self.pos :]]
        fresh, enough = 0, max(len(parts[0]), 1)
        for block in self._blocks:
            parts.append(block)
            fresh += len(block)
            if fresh >= enough:
                break
        self.data, self.pos = b"".join(parts), 0
        return fresh > 0

    @property
    def size(self) -> int:
        """How many bytes are in view."""
        return len(self.data) - self.pos

    def advance(self, to: int) -> None:
        """Let go of everything before the offset `to`."""
        newlines = self.data.count(b"\n", self.pos, to)
        since = self.data.rfind(b"\n", self.pos, to) + 1 if newlines else self.pos
        kept = self.left_line and not newlines
        self.left_line = kept or bool(self.data[since:to].strip(b"\0 \t\r"))
        self.line += newlines
        self.pos = to

    def skip_space(self) -> bool:
        """Go to the next character that is no space; false when there is none."""
        while True:
            self.advance(_SPACE.match(self.data, self.pos).end())  # type: ignore[union-attr]
            if self.pos < len(self.data):
                return True
            if not self.more():
                return False

    def skip_line(self) -> None:
        """Go past the next newline, or to the end."""
        while (end := self.data.find(b"\n", self.pos)) < 0:
            self.advance(len(self.data))
            if not self.more():
                return
        self.advance(end + 1)

    def take_line(self, cap: int) -> bytes | None:
        """The rest of this line, without its newline; None, and gone past it, when over `cap`."""
        while (end := self.data.find(b"\n", self.pos)) < 0:
            if self.size > cap:
                self.skip_line()
                return None
            if not self.more():
                end = len(self.data)
                break
        text = self.data[self.pos : end]
        self.advance(min(end + 1, len(self.data)))
        return text if len(text) <= cap else None

    def end(self) -> None:
        """Let go of everything: what `rest` gave was used."""
        self.data, self.pos, self._blocks = b"", 0, iter(())

    def rest(self) -> Iterator[bytes]:
        """Everything from `pos` on, in blocks; the window is spent."""
        data, blocks = self.data, self._blocks
        pieces = (data[at : at + BLOCK] for at in range(self.pos, len(data), BLOCK))
        return chain(pieces, blocks)
