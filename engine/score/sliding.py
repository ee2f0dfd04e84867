"""The open windows of one model that overlap: each has all events of a length of time, one begins
every step.

Events are kept once, in pieces of one step, as windows of that length would be; a window is put
together of its pieces when it is over. They are those of `models.feature.windows.timed` with a
step. A piece takes nothing more when the first window that ends with it is over, so that no event
is in one of its windows and missing in another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.score.absorb import absorb
from engine.score.codec import unpacked
from engine.score.limits import Limits
from engine.score.window import Open
from engine.score.windows import NEVER, Told, Windows


class Sliding(Windows):
    """`length` and `step` are in seconds, the first a multiple of the second; `told` hears of every
    bound that bites.
    """

    def __init__(self, length: float, step: float, limits: Limits, told: Told) -> None:
        super().__init__(step, limits, told)
        self.length, self.pieces = length, round(length / step)
        self._kept: dict[int, dict[str, Open]] = {}
        """Pieces that take nothing more, and are part of windows that are not over."""

    def __len__(self) -> int:
        return len(self._every())

    def at(self, entity: str, time: float) -> Open | None:
        """The piece that has this moment, while a window with it is open."""
        return super().at(entity, time) or self._kept.get(self.number(time), {}).get(entity)

    def end(self, window: Open) -> float:
        """The first moment after a window."""
        return window.start + self.length

    def settled(self, before: float) -> float:
        """All windows that begin before that are over."""
        return before - self.length

    def due(self, before: float) -> list[Open]:
        """The windows that end at `before` or earlier, and were not given before."""
        given, self.closed = self.closed, max(self.closed, before)
        for number in [n for n in self._open if (n + 1) * self.width <= self.closed]:
            self._kept[number] = self._open.pop(number)
            self._latest = (0.0, 0.0, {})
        ends = {n + later for n in self._kept for later in range(1, self.pieces + 1)}
        found = [
            window
            for end in sorted(ends)
            if given < end * self.width <= self.closed
            for window in self._ending(end)
        ]
        for number in [n for n in self._kept if (n + self.pieces) * self.width <= self.closed]:
            self._gone(self._kept.pop(number).values())
        return sorted(found, key=lambda window: (window.start, window.entity))

    def _ending(self, end: int) -> list[Open]:
        """The windows whose last piece has the number before `end`."""
        found: dict[str, list[Open]] = {}
        first = end - self.pieces
        for number in range(first, end):
            for entity, piece in self._kept.get(number, {}).items():
                found.setdefault(entity, []).append(piece)
        start = float(first * self.width)
        return [_whole(start, pieces, self.limits.window) for pieces in found.values()]

    def relieve(self) -> list[Open]:
        """The oldest windows, open no more, when too many events wait; else none."""
        if self.held <= self.limits.held:
            return []
        self._crowded()
        left, before = self.held, 0.0
        for piece in self._every():
            before = (self.number(piece.start) + self.pieces) * self.width
            left -= len(piece.times)
            if left <= self.limits.held // 2:
                break
        return self.due(before)

    def _every(self) -> list[Open]:
        """All pieces, in the order of time."""
        both = {**self._kept, **self._open}
        return [piece for n in sorted(both) for piece in both[n].values()]

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._open, self._kept, self.held, self._text = {}, {}, 0, 0
        self._latest = (0.0, 0.0, {})
        self.closed = NEVER if saved["closed"] is None else float(saved["closed"])
        for each in saved["windows"]:
            piece = unpacked(each)
            number = self.number(piece.start)
            among = self._kept if (number + 1) * self.width <= self.closed else self._open
            among.setdefault(number, {})[piece.entity] = piece
            self.held += len(piece.times)
            self._text += sum(sample.size for sample in piece.samples)


def _whole(start: float, pieces: Sequence[Open], most: int) -> Open:
    """The window of pieces in the order of time, which stay as they are."""
    first, *others = pieces
    found = replace(
        first,
        start=start,
        times=first.times[:],
        numbers=first.numbers[:],
        seen=set(first.seen),
        samples=list(first.samples),
        hits=dict(first.hits),
        fields=list(first.fields),
        edges=dict(first.edges),
        signals=[each[:] for each in first.signals],
    )
    for other in others:
        absorb(found, other, most)
    return found
