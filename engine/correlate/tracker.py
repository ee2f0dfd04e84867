"""One correlation at work: its groups, when each of them fires, and what its limits cost."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from engine.correlate.condition import Number
from engine.correlate.finding import Capped, Finding
from engine.correlate.group import Group
from engine.correlate.hit import Hit
from engine.correlate.limits import Limits
from engine.correlate.rule import Correlation, width
from engine.json_text import json_size

Key = tuple[str, ...]
UNDOABLE = frozenset({"value_sum", "value_avg", "value_percentile", "value_median"})
"""Types whose measure a missing match can raise: a window that was cut cannot be judged."""


class Tracker:
    """Takes a correlation's hits in the order of time and finds the windows that satisfy it.

    A condition that later events cannot undo is judged at each hit, over the window that ends
    there. One that they can (`lt`, `lte`, `eq`, `neq`, `not`) is judged when the window is over
    that begins at the first hit outside of the window before; `due` is told when that will be.
    """

    def __init__(
        self,
        correlation: Correlation,
        limits: Limits,
        due: Callable[[int, Key | None], None],
        told: Callable[[str, str], None],
    ) -> None:
        self.correlation = correlation
        self.groups: OrderedDict[Key, Group] = OrderedDict()
        """The least recently used first."""
        self.held = 0
        self.suppressed = 0
        """How often a condition held within the timespan of an alert; each alert says how often
        that was since the one before it in its group."""
        self.overflow: list[Any] | None = None
        """Since a limit first bit: [time, event id, groups given up], and when it was that of the
        state's bytes, how many groups were left."""
        self._limits = limits
        self._room = max(limits.matches, width(correlation))
        self._most = max(limits.held, 2 * self._room)
        self._due, self._told = due, told

    def take(self, key: Key, shown: Key, hit: Hit, now: int) -> list[Finding]:
        """Take a hit; `now` is how far the order of time has come, later than a late hit."""
        group = self.groups.get(key)
        if self.correlation.closing:
            return self._collect(group, key, shown, hit, now)
        if group is None:
            group = self._new(key, shown, hit)
        if group.hits and hit.key <= group.hits[-1].key:
            return [] if group.knows(hit) else self._late(group, key, hit)
        self.groups.move_to_end(key)
        self.held -= len(group.hits)
        group.slide(hit.time)
        group.append(hit)
        group.shown = shown
        self.held += len(group.hits)
        while len(group.hits) > self._room:
            self._lose(group, key, hit)
            group.evict()
            self.held -= 1
        self._make_room(hit)
        self._sweep(now)
        return self._judge(group, key, group.hits, group.measure.value(), hit.time)

    def _judge(
        self, group: Group, key: Key, hits: list[Hit], value: Number | None, known: int
    ) -> list[Finding]:
        """Fire when the window's measure satisfies the condition, unless it is too soon."""
        correlation, last = self.correlation, hits[-1]
        if not (value == 1 if correlation.compare is None else correlation.compare.holds(value)):
            return []
        if group.quiet(known):
            group.suppressed += 1
            self.suppressed += 1
            return []
        return [
            Finding(
                correlation, key, group.shown, last.time, known, last.by, tuple(hits), value,
                group.lost, group.fire(known),
            )
        ]  # fmt: skip

    def _late(self, group: Group, key: Key, hit: Hit) -> list[Finding]:
        """Judge the windows that a late hit completes, as far as what is held tells."""
        span, hits = self.correlation.span, group.hits
        if hit.time <= hits[-1].time - span:
            return []
        group.insert(hit)
        self.held += 1
        place, measure = group.place_of(hit.key), self.correlation.measure()
        first = 0
        for number, end in enumerate(hits):
            measure.add(end)
            while hits[first].time <= end.time - span:
                measure.remove(hits[first])
                first += 1
            whole = self.correlation.type not in UNDOABLE or end.time - span >= group.dropped
            if number < place or not whole or group.quiet(end.time):
                continue
            window = hits[first : number + 1]
            if found := self._judge(group, key, window, measure.value(), end.time):
                return found
        return []

    def _collect(
        self, group: Group | None, key: Key, shown: Key, hit: Hit, now: int
    ) -> list[Finding]:
        """Keep a hit until its window is over; one that is late counts only in an open window."""
        open_since = group.hits[0].time if group and group.hits else hit.time + 1
        if hit.time < now and hit.time < open_since:
            return []
        group = group or self._new(key, shown, hit)
        if group.knows(hit):
            return []
        if hit.time < open_since:
            self._due(hit.time + self.correlation.span, key)
        if len(group.hits) >= self._room:
            self._lose(group, key, hit)
            return []
        group.hits.insert(group.place_of(hit.key), hit)
        group.shown = shown
        self.groups.move_to_end(key)
        self.held += 1
        self._make_room(hit)
        return []

    def close(self, key: Key | None, now: int) -> list[Finding]:
        """Judge the window of a group that is over by now, and say what a limit has cost."""
        if key is None:
            return self._groups_capped(now)
        group = self.groups.get(key)
        if group is None:
            return []
        if not self.correlation.closing:
            over = group.overflow is not None and group.overflow[0] + self.correlation.span <= now
            return self._capped(group, key, group.hits, now) if over else []
        found: list[Finding] = []
        while group.hits and group.hits[0].time + self.correlation.span <= now:
            found += self._over(group, key)
        if group.hits:
            self._due(group.hits[0].time + self.correlation.span, key)
        else:
            self._forget(key)
        return found

    def _over(self, group: Group, key: Key) -> list[Finding]:
        """Judge a whole window; one that a limit has cut only says so."""
        over = group.hits[0].time + self.correlation.span
        count = bisect_left(group.hits, over, key=lambda hit: hit.time)
        window, group.hits = group.hits[:count], group.hits[count:]
        self.held -= count
        if group.overflow is not None:
            return self._capped(group, key, window, over)
        measure = self.correlation.measure()
        for hit in window:
            measure.add(hit)
        return self._judge(group, key, window, measure.value(), over)

    def _capped(self, group: Group, key: Key, hits: list[Hit], now: int) -> list[Finding]:
        """The alert that a window was cut."""
        assert group.overflow is not None
        (time, by, lost), group.overflow = group.overflow, None
        capped = Capped("matches of one window", self._room, len(hits) + lost)
        return [Finding(self.correlation, key, group.shown, time, now, by, tuple(hits), None, lost,
                        0, capped)]  # fmt: skip

    def _groups_capped(self, now: int) -> list[Finding]:
        overflow = self.overflow
        if overflow is None or overflow[0] + self.correlation.span > now:
            return []
        self.overflow = None
        time, by, lost, *heavy = overflow
        what = "groups of one correlation"
        capped = Capped(what, self._limits.groups, len(self.groups) + lost)
        if heavy:
            what = f"groups that fit into {self._limits.state:,} bytes of state"
            capped = Capped(what, heavy[0], heavy[0] + lost)
        return [Finding(self.correlation, (), (), time, now, by, capped=capped)]

    def _new(self, key: Key, shown: Key, hit: Hit) -> Group:
        if len(self.groups) >= self._limits.groups:
            self._give_up(hit)
        group = self.groups[key] = Group(self.correlation, shown)
        return group

    def _make_room(self, hit: Hit) -> None:
        """Give up the groups that were quiet the longest while too much is held."""
        while self.held > self._most and len(self.groups) > 1:
            self._give_up(hit)

    def _give_up(self, hit: Hit) -> None:
        if self.overflow is None:
            self.overflow = [hit.time, hit.by, 0]
            self._due(hit.time + self.correlation.span, None)
            self._told("correlation-capped", f"holds {len(self.groups):,} groups with "
                       f"{self.held:,} matches, the oldest is given up")  # fmt: skip
        self.overflow[2] += 1
        self._forget(next(iter(self.groups)))

    def lighten(self, size: int) -> None:
        """Give up the groups that were quiet the longest, as many as make up so many bytes."""
        before, last = len(self.groups), 0
        by = ""
        while size > 0 and self.groups:
            key, group = next(iter(self.groups.items()))
            size -= json_size([list(key), group.save()])
            if group.hits:
                last, by = group.hits[-1].time, group.hits[-1].by
            self._forget(key)
        lost = before - len(self.groups)
        if not lost:
            return
        if self.overflow is None:
            self.overflow = [last, by, 0]
            self._due(last + self.correlation.span, None)
        self.overflow = [*self.overflow[:2], self.overflow[2] + lost, len(self.groups)]
        self._told(
            "correlation-capped",
            f"the state is over {self._limits.state:,} bytes, {lost:,} of {before:,} groups are "
            "given up, the oldest first",
        )

    def _lose(self, group: Group, key: Key, hit: Hit) -> None:
        if group.lose(hit):
            self._due(hit.time + self.correlation.span, key)
            self._told("correlation-capped", f"a window has more than {self._room:,} matches")

    def _sweep(self, now: int) -> None:
        """Forget groups whose last match no window reaches any more."""
        span = self.correlation.span
        while self.groups:
            key, group = next(iter(self.groups.items()))
            if group.overflow or (group.hits and group.hits[-1].time > now - span):
                return
            self._forget(key)

    def _forget(self, key: Key) -> None:
        group = self.groups.pop(key)
        self.held -= len(group.hits)

    def save(self) -> dict[str, Any]:
        """All groups as JSON values."""
        return {
            "content": self.correlation.content,
            "overflow": self.overflow,
            "groups": [[list(key), group.save()] for key, group in self.groups.items()],
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from what was saved."""
        self.overflow = saved["overflow"]
        if self.overflow:
            self._due(self.overflow[0] + self.correlation.span, None)
        for parts, state in saved["groups"]:
            key = tuple(parts)
            group = self.groups[key] = Group.restored(self.correlation, state)
            self.held += len(group.hits)
            if group.overflow:
                self._due(group.overflow[0] + self.correlation.span, key)
            if self.correlation.closing and group.hits:
                self._due(group.hits[0].time + self.correlation.span, key)
