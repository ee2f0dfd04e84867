"""The open sessions of one model: windows that end when nothing comes for longer than a gap.

They are those of `models.feature.sessions.within_spans`, which reads all events at once, however
the same events come. An event that lies near two sessions makes them one. A session is over when no
source is expected to bring anything that it would take; what comes later is counted, and not
scored, for it might belong to what was answered already.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Mapping
from typing import Any

from engine.score.absorb import absorb
from engine.score.codec import unpacked
from engine.score.limits import Limits
from engine.score.window import Open
from engine.score.windows import NEVER, Told, Windows
from models.feature.sessions import number_of

NOT_SOON = math.inf


class Sessions(Windows):
    """`gap` and `span` are in seconds; `told` hears of every bound that bites."""

    def __init__(self, gap: float, span: float, limits: Limits, told: Told) -> None:
        super().__init__(span, limits, told)
        self.gap = gap
        self._of: dict[str, list[Open]] = {}
        """The sessions of each entity in the order of time; between two is more than a gap, or the
        end of a span."""
        self._soonest = NOT_SOON
        """None of them is over before that."""

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def at(self, entity: str, time: float) -> Open | None:
        """The open session of an entity that has this moment, if there is one."""
        found = (each for each in self._of.get(entity, ()) if each.start <= time <= self.end(each))
        return next(found, None)

    def take(self, entity: str, time: float) -> Open | None:
        """The session that an event goes into, made if need be; None when it may be over."""
        near = self._near(entity, time)
        if time < self.closed and not any(each.start <= time for each in near):
            return None
        if not near:
            window = Open(entity, time, end=time)
            insort(self._of.setdefault(entity, []), window, key=_start)
            self._soonest = min(self._soonest, self.turn(window))
            return window
        window, *others = near
        window.start, window.end = min(window.start, time), max(self.end(window), time)
        for other in others:  # at most one
            dropped, text = absorb(window, other, self.limits.window)
            self.held -= dropped
            self._text += text
            self._of[entity] = [each for each in self._of[entity] if each is not other]
        return window

    def _near(self, entity: str, time: float) -> list[Open]:
        """The sessions that an event would belong to: none, one, or two that it joins."""
        among = self._of.get(entity, ())
        number = number_of(time, self.width)
        return [
            each
            for each in among
            if each.start - time <= self.gap
            and time - self.end(each) <= self.gap
            and number_of(each.start, self.width) == number
        ]

    def end(self, window: Open) -> float:
        """The time of its last event."""
        return window.start if window.end is None else window.end

    def turn(self, window: Open) -> float:
        """When it is over, if nothing more comes."""
        border = (number_of(window.start, self.width) + 1) * self.width
        return min(self.end(window) + self.gap, border)

    def settled(self, before: float) -> float:
        """The start of the span that has `before`: sessions may still begin in all of it."""
        return number_of(before, self.width) * self.width if math.isfinite(before) else before

    def due(self, before: float) -> list[Open]:
        """The sessions that take nothing more from `before` on, by their starts."""
        self.closed = max(self.closed, before)
        if self.closed < self._soonest:
            return []
        found: list[Open] = []
        for entity, among in list(self._of.items()):
            left = [each for each in among if not self._over(each)]
            if len(left) < len(among):
                found += [each for each in among if self._over(each)]
                self._of[entity] = left
                if not left:
                    del self._of[entity]
        self._soonest = min(map(self.turn, self._every()), default=NOT_SOON)
        self._gone(found)
        return sorted(found, key=lambda window: (window.start, window.entity))

    def _over(self, window: Open) -> bool:
        border = (number_of(window.start, self.width) + 1) * self.width
        return self.closed - self.end(window) > self.gap or self.closed >= border

    def relieve(self) -> list[Open]:
        """The sessions that are over soonest, open no more, when too many events wait."""
        if self.held <= self.limits.held:
            return []
        self._crowded()
        left, before = self.held, NEVER
        for window in sorted(self._every(), key=self.turn):
            before = self.turn(window)
            left -= len(window.times)
            if left <= self.limits.held // 2:
                break
        return self.due(math.nextafter(before, math.inf))

    def _every(self) -> list[Open]:
        return sorted((each for among in self._of.values() for each in among), key=_start)

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._of, self.held, self._text = {}, 0, 0
        self.closed = NEVER if saved["closed"] is None else float(saved["closed"])
        for kept in saved["windows"]:
            window = unpacked(kept)
            self._of.setdefault(window.entity, []).append(window)
            self.held += len(window.times)
            self._text += sum(sample.size for sample in window.samples)
        self._soonest = min(map(self.turn, self._every()), default=NOT_SOON)


def _start(window: Open) -> float:
    return window.start
