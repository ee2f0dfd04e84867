"""The slower look for events that became searchable later than the overlap reaches back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.search.memory import Memory
from connectors.search.overlap import Sift, all_of_it
from connectors.search.paging import Hit, Window, histogram, point_in_time
from connectors.search.port import SearchClient
from connectors.search.position import Position
from connectors.search.retry import Retry
from connectors.search.sketch import Sketch
from connectors.search.view import Found, Told, View

EFFORT = 50
"""Pages that one sweep reads at most; it goes on with the next poll."""
TOO_LATE = "events came later than max_lateness, or than a sweep that fell behind"
UNSWEPT = "it is not known which of these events were evaluated: the sweep did not come in time"
FAR_LOOKS = 24
"""How often in a horizon the far region is counted."""


class Sweep:
    """When to sweep, and how. Times in epoch ms; `interval` in ms."""

    def __init__(self, interval: int, horizon: int) -> None:
        self.interval, self.horizon = interval, horizon
        self._next: int | None = None
        self._next_far: int | None = None

    def due(self, now: int) -> bool:
        """Whether it is time; at once in a new process, or when the clock was set back."""
        return self._next is None or not self._next - self.interval <= now < self._next

    def begin(self, now: int) -> None:
        """All there is is about to be read: nothing has come late yet."""
        self._next = now + self.interval

    def run(
        self,
        client: SearchClient,
        base: Window,
        position: Position,
        retry: Retry,
        now: int,
        sift: Sift = all_of_it,
    ) -> Iterator[Found]:
        """What came late. `base` says what to read; its times and sizes are put in here, and the
        sieve that `sift` gives, through which buckets are read; all of their events are counted.

        A quiet sweep is one search. Raises as `paging.pages` does; then it is due again.
        """
        memory = position.memory
        assert memory is not None
        mark, edge = position.mark or 0, position.edge()
        lower = memory.bucket(mark - memory.horizon)
        far = self._next_far is None or now >= self._next_far or now < self._next_far - self.horizon
        with point_in_time(client, base, retry) as pit:
            if pit is not None:
                start = memory.window(memory.oldest(mark) if far else lower)[0]
                window = replace(base, lower=start, upper=edge - 1)
                counts: dict[int, int] = {}
                if start < edge:
                    counts = histogram(client, window, memory.width, pit, retry)
                if far:
                    yield from counted(memory, counts, lower)
                due = memory.due(counts, lower, edge)
                left = EFFORT * base.page_size
                view = View(client, base, pit, retry)
                if due:
                    spans = (memory.window(bucket) for bucket in due)
                    view = sift(view, [(first, min(end, edge) - 1) for first, end in spans])
                look = _Look(view, memory, edge)
                for bucket in due:
                    if left <= 0:
                        return  # due again at the next poll
                    left -= max(1, counts.get(bucket, 0))
                    yield from look.at(bucket, counts.get(bucket, 0))
        self._next = now + self.interval
        if far:
            self._next_far = now + self.horizon // FAR_LOOKS


def passed_over(view: View, position: Position, since: int, edge: int) -> None:
    """Take in that all events of a view between two times are evaluated (`edge` exclusive, where a
    part of the overlap begins), and leave the overlap: more than are known, as not all were read.

    One search. Raises as `paging.pages` does.
    """
    memory, seen = position.memory, position.seen
    assert memory is not None
    oldest = memory.window(memory.oldest(edge))[0]
    first = max(seen.bin(since) * seen.bin_ms, oldest)
    read = seen.uncounted(first, edge)
    if position.start is not None:
        first = max(first, position.start)
    if first >= edge:
        return
    window = view.within(first, edge - 1).whole()
    there = histogram(view.client, window, memory.width, view.pit, view.retry)
    for bucket, count in there.items():
        known = sum(n for time, n in read.items() if memory.bucket(time) == bucket)
        memory.unread(bucket, count - known)


def counted(memory: Memory, counts: Mapping[int, int], lower: int) -> Iterator[Found]:
    """What came later than a sweep reaches back: windows with more events than they had.

    Of a bucket that was never known, this is the first count: what came before it is in a gap,
    what comes after it will be seen.
    """
    told: list[Told] = []
    for bucket in sorted({*counts, *memory.uncounted}):
        if bucket >= lower:
            break
        count, before = counts.get(bucket, 0), memory.counts.get(bucket, 0)
        start, end = memory.window(bucket)
        if before is None:
            if told and (told[-1].kind, told[-1].end) == ("unswept", start):
                start, count = told[-1].start, count + (told.pop().count or 0)
            if count:
                told.append(Told("unswept", start, end, count, UNSWEPT, 0, True))
        elif count > before:
            told.append(Told("too-late", start, end, count - before, TOO_LATE, count, True))
        if before is None or count > before:
            memory.counts[bucket] = counts.get(bucket, 0)
    if told:
        yield Found((), told)


@dataclass(frozen=True, slots=True)
class _Look:
    """One bucket after another, in one view."""

    view: View
    memory: Memory
    edge: int

    def at(self, bucket: int, count: int) -> Iterator[Found]:
        """The late events of a bucket that has so many; then it is settled."""
        lower, end = self.memory.window(bucket)
        window = self.view.within(lower, min(end, self.edge) - 1)
        known = self.memory.known(bucket)
        late = None if known is None else known.added(self.view.keys(window))
        if late is None:
            yield from self.whole(bucket, window, count)
            return
        before = known.count if known else 0
        found = (
            [hit for hit in self.view.bare(window) if self.view.key(hit) in late] if late else []
        )
        for new in self.view.fetch(found):
            yield Found(new, keep=lambda new=new: self.memory.late(bucket, self.keys_of(new)))  # type: ignore[misc]
        reason = "events came later than overlap, and were evaluated by the sweep"
        step = before + len(found)
        told = [Told("late", lower, end, len(found), reason, step)] if found else []
        yield Found((), told, lambda: self.memory.settle(bucket, count))

    def whole(self, bucket: int, window: Window, count: int) -> Iterator[Found]:
        """All events of a bucket, when nobody can say which of them are new."""
        sketch = Sketch()
        for hits in self.view.pages(window):
            for key in self.keys_of(hits):
                sketch.add(key)
            yield Found(hits)
        lower, end = window.lower or 0, window.upper + 1
        reason = "it was not known which events had been evaluated, so all were, once more"
        told = [Told("evaluated-again", lower, end, sketch.count, reason, sketch.count)]
        yield Found((), told if count else [], lambda: self.memory.settle(bucket, count, sketch))

    def keys_of(self, hits: Sequence[Hit]) -> list[str]:
        return [self.view.key(hit) for hit in hits]
