"""The open windows of one model: one for each entity and span of time, as in training.

Spans are counted from 1970, as `models.feature.windows.timed` does, so that the same events give
the same windows however they come. A window is over when no source is expected to bring anything
for it; what comes later is counted, and not scored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.ports import Record
from engine.score.codec import packed, unpacked
from engine.score.limits import EDGES, NEW, SAMPLES, Limits
from engine.score.window import Open, Sample
from models.feature.sessions import number_of
from models.graph.edge import Edge

RARE = 1 << 30
"""Less this, the number of a template is the rank of a sample: numbers were given in the order in
which training met the kinds, so that rare ones have high numbers, and low ranks."""
LONGEST = 512
"""Characters of a value that say what kind an event is of; models look at no more."""
NEVER = -math.inf

Told = Callable[[str, str], None]
"""Is told the kind of a problem and what happened."""


class Windows:
    """`width` is that of a window in seconds; `told` hears of every bound that bites."""

    def __init__(self, width: float, limits: Limits, told: Told) -> None:
        self.width, self.limits = width, limits
        self._told = told
        self._open: dict[int, dict[str, Open]] = {}
        self._latest: tuple[float, float, dict[str, Open]] = (0.0, 0.0, {})
        """The span that was asked for last, and its windows."""
        self.closed = NEVER
        """Windows that end here or before are over, and take nothing more."""
        self.held = 0
        """Events of all open windows."""
        self._text = 0

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def number(self, time: float) -> int:
        """The number of the span that has this moment."""
        return number_of(time, self.width)

    def at(self, entity: str, time: float) -> Open | None:
        """The open window of an entity that has this moment, if there is one."""
        return self._open.get(self.number(time), {}).get(entity)

    def take(self, entity: str, time: float) -> Open | None:
        """The window that an event goes into, made if need be; None when it is over."""
        start, end, latest = self._latest
        if start <= time < end and (known := latest.get(entity)) is not None:
            return known  # most events fall into the span of the one before
        number = self.number(time)
        start = float(number * self.width)
        if start + self.width <= self.closed:
            return None
        among = self._open.get(number)
        if among is None:
            among = self._open[number] = {}
        self._latest = (start, start + self.width, among)
        window = among.get(entity)
        if window is None:
            window = among[entity] = Open(entity, start)
        return window

    def end(self, window: Open) -> float:
        """The first moment after it."""
        return window.start + self.width

    def turn(self, window: Open) -> float:
        """When it is over, in some unit: windows are answered by that, however events come."""
        return window.start // self.width

    def settled(self, before: float) -> float:
        """All windows that begin before that are over, where `before` was the last `due`."""
        return before

    def add(self, window: Open, time: float, number: int) -> bool:
        """Count an event in; whether a sample of it might be kept."""
        if len(window.times) >= self.limits.window:
            if not window.over:
                text = f"windows have more than {self.limits.window:,} events; the rest is counted"
                self._told("models-capped", text)
            window.over += 1
            return False
        window.times.append(time)
        window.numbers.append(number)
        self.held += 1
        return number not in window.seen

    def link(self, window: Open, edges: Iterable[Edge]) -> None:
        """Count the edges of an event in, unless it is beyond what is scored of its window."""
        if window.over:
            return
        for edge in edges:
            if edge not in window.edges and len(window.edges) >= EDGES:
                text = f"windows have more than {EDGES:,} different edges; others are left out"
                self._told("models-capped", text)
                return
            window.edges[edge] = window.edges.get(edge, 0) + 1

    def sample(
        self, window: Open, time: float, number: int, record: Record, new: Mapping[str, Any] | None
    ) -> None:
        """Keep a sample of a kind that is the first of its window; `new` is what a new kind says.

        Kinds of which no more is kept are remembered all the same, or each of their events would
        be looked at.
        """
        if new is None:
            window.seen.add(number)
            if len(window.samples) >= SAMPLES and RARE - number >= max(
                sample.rank for sample in window.samples
            ):
                return
        else:
            said = {name: _cut(value) for name, value in new.items()}
            key = repr(sorted(said.items()))
            if key in window.seen or len(window.fields) >= NEW:
                return
            window.seen.add(key)
            window.fields.append(said)
        rank = RARE - number if new is None else 0
        self.keep(window, Sample.of(rank, number, time, record, record.id))

    def keep(self, window: Open, sample: Sample) -> None:
        """Keep a sample; where that is too much text, that of others goes."""
        self._text += window.take(sample)
        if self._text > self.limits.text:
            self._lighten()

    def due(self, before: float) -> list[Open]:
        """The windows that end at `before` or earlier, which are open no more, by their starts."""
        self.closed = max(self.closed, before)
        over = sorted(n for n in self._open if (n + 1) * self.width <= self.closed)
        found = [window for n in over for window in self._open.pop(n).values()]
        if over:
            self._latest = (0.0, 0.0, {})
        self._gone(found)
        return sorted(found, key=lambda window: (window.start, window.entity))

    def relieve(self) -> list[Open]:
        """The oldest windows, open no more, when too many events wait; else none."""
        if self.held <= self.limits.held:
            return []
        self._crowded()
        left, before = self.held, 0.0
        for number in sorted(self._open):
            before = (number + 1) * self.width
            left -= sum(len(window.times) for window in self._open[number].values())
            if left <= self.limits.held // 2:
                break
        return self.due(before)

    def _crowded(self) -> None:
        self._told("models-capped", f"windows hold more than {self.limits.held:,} events; the "
                   "oldest are scored now, and what comes for them will be late")  # fmt: skip

    def _every(self) -> list[Open]:
        """All open windows, in the order of time."""
        return [window for n in sorted(self._open) for window in self._open[n].values()]

    def _gone(self, windows: Iterable[Open]) -> None:
        for window in windows:
            self.held -= len(window.times)
            self._text -= sum(sample.size for sample in window.samples)

    def _lighten(self) -> None:
        """Make room for half: first in windows that nothing speaks for, at last in all."""
        self._told("models-capped", f"events to be shown take more than {self.limits.text:,} bytes;"
                   " alerts will show fewer")  # fmt: skip
        every = self._every()
        for most, spared in ((1, True), (1, False), (0, False)):
            for window in every:
                if self._text <= self.limits.text // 2:
                    return
                if not (spared and window.telling):
                    self._text -= window.lighten(most)

    def save(self) -> dict[str, Any]:
        """All open windows as JSON values."""
        return {
            "closed": None if self.closed == NEVER else self.closed,
            "windows": [packed(window) for window in self._every()],
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._open, self.held, self._text = {}, 0, 0
        self._latest = (0.0, 0.0, {})
        self.closed = NEVER if saved["closed"] is None else float(saved["closed"])
        for kept in saved["windows"]:
            window = unpacked(kept)
            self._open.setdefault(self.number(window.start), {})[window.entity] = window
            self.held += len(window.times)
            self._text += sum(sample.size for sample in window.samples)


def _cut(value: Any) -> Any:
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    return value[:LONGEST] if isinstance(value, str) else value
