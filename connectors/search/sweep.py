"""The slower look for events that became searchable later than the overlap reaches back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.search.memory import Memory
from connectors.search.names import stream_name
from connectors.search.paging import Hit, Window, histogram, pages_in, point_in_time
from connectors.search.port import SearchClient
from connectors.search.position import Position
from connectors.search.retry import Retry
from connectors.search.seen import key_of
from connectors.search.sketch import Sketch

EFFORT = 50
"""Pages that one sweep reads at most; it goes on with the next poll."""
IDS_PAGE = 5000
"""Hits of a page that has no documents."""
TOO_LATE = "events came later than max_lateness, or than a sweep that fell behind"
UNSWEPT = "it is not known which of these events were evaluated: the sweep did not come in time"
FAR_LOOKS = 24
"""How often in a horizon the far region is counted."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a sweep has to say of a window (epoch ms)."""

    kind: str
    start: int
    end: int
    count: int
    reason: str
    step: int
    fillable: bool = False


def nothing() -> None:
    """Keep nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """Late events, what is to be noted, and what makes the memory know of both."""

    hits: Sequence[Hit]
    notes: Sequence[Told] = ()
    keep: Callable[[], None] = nothing


class Sweep:
    """When to sweep, and how. Times in epoch ms; `interval` in ms."""

    def __init__(self, interval: int, horizon: int) -> None:
        self.interval, self.horizon = interval, horizon
        self._next: int | None = None
        self._next_far: int | None = None

    def due(self, now: int) -> bool:
        """Whether it is time; at once in a new process, or when the clock was set back."""
        return self._next is None or not self._next - self.interval <= now < self._next

    def run(
        self, client: SearchClient, base: Window, position: Position, retry: Retry, now: int
    ) -> Iterator[Found]:
        """What came late. `base` says what to read; its times and sizes are put in here.

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
                look = _Look(client, base, pit, retry, memory, edge)
                for bucket in due:
                    if left <= 0:
                        return  # due again at the next poll
                    left -= max(1, counts.get(bucket, 0))
                    yield from look.at(bucket, counts.get(bucket, 0))
        self._next = now + self.interval
        if far:
            self._next_far = now + self.horizon // FAR_LOOKS


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
                start, count = told[-1].start, count + told.pop().count
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

    client: SearchClient
    base: Window
    pit: list[str]
    retry: Retry
    memory: Memory
    edge: int

    def at(self, bucket: int, count: int) -> Iterator[Found]:
        """The late events of a bucket that has so many; then it is settled."""
        lower, end = self.memory.window(bucket)
        window = replace(self.base, lower=lower, upper=min(end, self.edge) - 1)
        known = self.memory.known(bucket)
        late = None if known is None else known.added(self.keys(window))
        if late is None:
            yield from self.whole(bucket, window, count)
            return
        found, before = 0, known.count if known else 0
        for hits in self.pages(window) if late else ():
            new = [hit for hit in hits if hit_key(self.base.index, hit) in late]
            if new:
                found += len(new)
                yield Found(new, keep=lambda new=new: self.memory.late(bucket, self.keys_of(new)))  # type: ignore[misc]
        reason = "events came later than overlap, and were evaluated by the sweep"
        told = [Told("late", lower, end, found, reason, before + found)] if found else []
        yield Found((), told, lambda: self.memory.settle(bucket, count))

    def whole(self, bucket: int, window: Window, count: int) -> Iterator[Found]:
        """All events of a bucket, when nobody can say which of them are new."""
        sketch = Sketch()
        for hits in self.pages(window):
            for key in self.keys_of(hits):
                sketch.add(key)
            yield Found(hits)
        lower, end = window.lower or 0, window.upper + 1
        reason = "it was not known which events had been evaluated, so all were, once more"
        told = [Told("evaluated-again", lower, end, sketch.count, reason, sketch.count)]
        yield Found((), told if count else [], lambda: self.memory.settle(bucket, count, sketch))

    def pages(self, window: Window) -> Iterator[Sequence[Hit]]:
        return pages_in(self.client, window, self.pit, self.retry)

    def keys(self, window: Window) -> Iterator[str]:
        for hits in self.pages(replace(window, sources=False, page_size=IDS_PAGE)):
            yield from self.keys_of(hits)

    def keys_of(self, hits: Sequence[Hit]) -> list[str]:
        return [hit_key(self.base.index, hit) for hit in hits]


def hit_id(asked: str, hit: Hit) -> str:
    """An event's id: the stream's name, not the backing index's, and the document's id."""
    return f"{stream_name(asked, str(hit['_index']))}/{hit['_id']}"


def hit_key(asked: str, hit: Hit) -> str:
    """The key of one version of a hit."""
    return key_of(hit_id(asked, hit), int(hit.get("_version", 1)))
