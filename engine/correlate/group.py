"""One group's matches: the window that slides over them, and when it last fired."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

from engine.correlate.hit import Hit, Key
from engine.correlate.measure import Measure
from engine.correlate.rule import Correlation


class Group:
    """The matches of a correlation that share their group-by values.

    `hits` are in order; `measure` is that of the window that ends at the last of them. `fired`
    are the times at which an alert was made, no older than what may still matter.
    """

    __slots__ = (
        "correlation", "dropped", "fired", "hits", "measure", "overflow", "shown", "suppressed",
    )  # fmt: skip

    def __init__(self, correlation: Correlation, shown: tuple[str, ...]) -> None:
        self.correlation = correlation
        self.shown = shown
        self.hits: list[Hit] = []
        self.measure: Measure = correlation.measure()
        self.fired: list[int] = []
        self.suppressed = 0
        self.dropped = -(1 << 62)
        """The latest time of a match that was let go of."""
        self.overflow: list[Any] | None = None
        """Since a limit first bit: [time, event id, matches that it cost]."""

    def place_of(self, key: Key) -> int:
        """Where a hit of that key stands, or would."""
        return bisect_left(self.hits, key, key=_key)

    def knows(self, hit: Hit) -> bool:
        """Whether the hit is held already."""
        place = self.place_of(hit.key)
        return place < len(self.hits) and self.hits[place].key == hit.key

    def slide(self, time: int) -> None:
        """Let go of what lies outside the window that ends at a time."""
        oldest = time - self.correlation.span
        gone = bisect_right(self.hits, oldest, key=_time)
        if gone:
            for hit in self.hits[:gone]:
                self.measure.remove(hit)
            self.dropped = max(self.dropped, self.hits[gone - 1].time)
            del self.hits[:gone]

    def append(self, hit: Hit) -> None:
        """Put a hit at the end of the window."""
        self.hits.append(hit)
        self.measure.add(hit)

    def insert(self, hit: Hit) -> None:
        """Put a late hit in its place, and in the window if that reaches back so far."""
        self.hits.insert(self.place_of(hit.key), hit)
        self.measure.add(hit)

    def evict(self) -> Hit:
        """Push the oldest hit out to make room."""
        hit = self.hits.pop(0)
        self.measure.remove(hit)
        self.dropped = max(self.dropped, hit.time)
        return hit

    def lose(self, hit: Hit) -> bool:
        """Note that a limit bit as a hit came; whether it is the first time."""
        first = self.overflow is None
        if self.overflow is None:
            self.overflow = [hit.time, hit.by, 0]
        self.overflow[2] += 1
        return first

    @property
    def lost(self) -> int:
        """Matches that the limit has cost."""
        return self.overflow[2] if self.overflow else 0

    def quiet(self, time: int) -> bool:
        """Whether an alert at a time would lie within the timespan of another."""
        return any(abs(time - fired) < self.correlation.span for fired in self.fired)

    def fire(self, time: int) -> int:
        """Note an alert; returns how often the condition held since the one before."""
        span = self.correlation.span
        self.fired = sorted([*(f for f in self.fired if f > time - 4 * span), time])[-8:]
        suppressed, self.suppressed = self.suppressed, 0
        return suppressed

    def save(self) -> list[Any]:
        """The group as JSON values."""
        return [
            list(self.shown), [hit.save() for hit in self.hits], self.fired, self.suppressed,
            self.dropped, self.overflow,
        ]  # fmt: skip

    @classmethod
    def restored(cls, correlation: Correlation, saved: list[Any]) -> Group:
        """The group that was saved."""
        shown, hits, fired, suppressed, dropped, overflow = saved
        group = cls(correlation, tuple(shown))
        for hit in hits:
            group.append(Hit.restored(hit))
        group.fired, group.suppressed, group.dropped = list(fired), suppressed, dropped
        group.overflow = overflow
        return group


def _key(hit: Hit) -> Key:
    return hit.key


def _time(hit: Hit) -> int:
    return hit.time
