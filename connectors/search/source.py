"""Events from an index pattern, stream or alias of a cluster, read without gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from connectors.search.answer import document
from connectors.search.defaults import now, unheard
from connectors.search.names import OWN_PREFIXES
from connectors.search.overlap import crowded, newcomers, settle
from connectors.search.pace import AIM, Pace
from connectors.search.paging import (
    Begun,
    Hit,
    Reading,
    Window,
    ahead,
    counted,
    filtered,
    pages,
    point_in_time,
)
from connectors.search.port import RequestError, SearchClient
from connectors.search.position import Position
from connectors.search.prefilter import Prefilter
from connectors.search.retry import Retry, told_as
from connectors.search.seen import Seen
from connectors.search.slices import Page
from connectors.search.sweep import UNSWEPT, Sweep, passed_over
from connectors.search.unread import UnreadHit
from connectors.search.values import Extent
from connectors.search.view import Found, View, hit_id, hit_key, hit_time
from engine.errors import Problem, Report, SettingsError, SourceError
from engine.ledger import Note, State
from engine.ports import Batch, Checkpoint, Look, Record

QUIET = timedelta(minutes=1)
"""How far the mark may lag while nothing new comes, to spare writes of the checkpoint."""

UNTIMED = timedelta(minutes=5)
"""How often documents without a time are counted."""

RAW_KEPT = 65_536
"""Bytes of the longest document that is looked at before it is parsed."""


Fields = Callable[[], Sequence[str] | None]
"""Which paths of documents are wanted; None for all."""


def all_fields() -> None:
    """Whole documents."""


class SearchSource:
    """A `Source` over an index pattern.

    The cursor is `cursor_field` (when documents were ingested, where the source sets it), else
    `time_field`. Documents become searchable out of order, so each poll re-reads the `overlap`
    before the mark, and leaves out the newest `refresh_lag`. `query` is one DSL clause that
    events must meet. `tiebreak` names a field with unique values, for servers too old for the
    client's own. `start` says where the first poll begins, at a time or "all"; a checkpoint keeps
    it, whatever `start` says later. Every `sweep` (None: never) a poll begins with a look for
    events that came later than the overlap, up to `max_lateness` behind the mark. Of the events in
    the overlap, the checkpoint has the ids of the newest, `max_seen` at most, and of the others so
    much as tells a few new ones from them.

    `look` is asked of the JSON text of each document; one that can match nothing is not parsed.
    A poll reads in so many `slices` side by side, and `pool` makes what reads them meanwhile.
    `fields` gives patterns of the paths that documents are asked for with, None for all; when it
    gives others between two batches, what was read with those before is read again.

    Problems reported: `no-time-field` (documents without the cursor field are never read),
    `no-source` (a document whose `_source` is not stored), `invalid-utf8` (bytes of a document
    were replaced).
    """

    def __init__(
        self,
        client: SearchClient,
        name: str,
        index: str,
        *,
        time_field: str = "@timestamp",
        cursor_field: str | None = None,
        query: Mapping[str, Any] | None = None,
        page_size: int = 1000,
        overlap: timedelta = timedelta(minutes=10),
        refresh_lag: timedelta = timedelta(seconds=5),
        start: Literal["all"] | datetime = "all",
        sweep: timedelta | None = None,
        max_lateness: timedelta = timedelta(hours=24),
        clock: Callable[[], datetime] = now,
        max_seen: int = 30_000,
        tiebreak: str | None = None,
        report: Report = unheard,
        retry: Retry | None = None,
        look: Look | None = None,
        slices: int = 1,
        pool: Callable[[int], Executor] = ThreadPoolExecutor,
        fields: Fields = all_fields,
        prefilter: Prefilter | None = None,
    ) -> None:
        if not 1 <= page_size <= 10_000:
            raise SettingsError(
                f"{page_size} is out of range", field="page_size", expected="1 to 10000"
            )
        if not index.strip(" ,"):
            raise SettingsError("no index pattern given", field="index", expected="logs-*")
        self.client, self.name, self.origin = client, name, index
        self.cursor = cursor_field or time_field
        self.query, self.page_size, self.pool = query, page_size, pool
        self.paces = [Pace(page_size, aim=AIM // slices) for _ in range(slices)]
        self.tiebreak = (tiebreak,) if tiebreak else tuple(client.tiebreak)
        self.overlap_ms, self.max_seen = milliseconds(overlap), max_seen
        self.lag_ms = milliseconds(refresh_lag)
        self.sweep = None
        self.horizon_ms: int | None = None
        if sweep is not None:
            self.horizon_ms = milliseconds(max_lateness + overlap + 2 * sweep)
            self.sweep = Sweep(milliseconds(sweep), self.horizon_ms)
        self.start = None if start == "all" else epoch_ms(start)
        self.clock, self.report, self.retry = clock, report, retry or client.retry
        self.look = look or nothing_told
        self.fields, self.prefilter = fields, prefilter
        self._reported: dict[str, int] = {}
        self.notes: list[Note] = []
        """What is to be recorded with the next batch."""
        self._uncounted = 0
        self._counted: int | None = None
        self._extent: tuple[int | None, Extent | None] = None, None
        """From when on a poll reads a view, and what that was said to have from there."""
        self.owed: Owed | None = None
        """What a poll that failed had still to read."""

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        """Yield what is new since `checkpoint`, oldest first, each batch with its checkpoint.

        Raises `SourceError` when an answer is not whole; nothing moves then.
        """
        position = Position(self.overlap_ms, self.max_seen, self.start, self.horizon_ms)
        now = epoch_ms(self.clock())
        upper = now - self.lag_ms
        if checkpoint is not None:
            position.load(checkpoint, self.name)
            self.note_clock(position, upper)
        elif self.sweep:
            self.sweep.begin(now)
        if checkpoint is None and self.start is not None:
            text = "events before `start` are not read"
            self.note("skipped-start", None, self.start, reason=text)
            # where the first poll began must outlast it: at the next launch "now" is another time
            yield self.plain(position)
        with told_as(SourceError, f"source {self.name!r} cannot read {self.origin!r}"):
            if self.sweep and position.mark is not None and self.sweep.due(now):
                try:
                    yield from self.swept(position, now)
                except RequestError as error:
                    if error.transient:
                        raise
                    # polls must not wait for a question that the cluster will never answer
                    self.tell_once("sweep-failed", 1, f"sweep was refused: {error}")
            self.count_untimed(now)
            yield from self.news(position, upper)
        if self.notes:
            yield self.plain(position)

    def news(self, position: Position, upper: int) -> Iterator[Batch]:
        """What is new up to a time: behind the mark what was not known yet, and all after it."""
        while (yield from self.read_on(position, upper)):
            pass  # with other fields, from where it was

    def read_on(self, position: Position, upper: int) -> Generator[Batch, None, bool]:
        """As `news`, until other fields are wanted; whether they are, so that there is more."""
        window, more = self.window(position, upper), False
        with point_in_time(self.client, window, self.retry) as pit:
            view = None if pit is None else View(self.client, window, pit, self.retry)
            if view is not None:
                more = yield from self.read(view, position, upper)
            if self.owed and not more:
                self.note_vanished(self.owed, view)
        return more

    def read(self, view: View, position: Position, upper: int) -> Generator[Batch, None, bool]:
        """What is new in a view that is open, as `read_on`."""
        window, mark = view.base, position.mark
        self._extent = None, None
        known: Set[str] = frozenset()
        there: Counter[int] | None = None
        reading = Reading()
        if mark is not None and (self.prefilter or crowded(position.seen)):
            behind = mark if window.lower is None else window.lower
            lower = max(behind, mark + 1)
            with self.counting(view, replace(window, lower=lower)) as begun:
                finds = newcomers(view, position, behind, self.sift)
                if (yield from self.taken(finds, position, window)):
                    return True
                window = replace(window, lower=lower, begun=begun())
            reading.begin(lower, window.begun.total if window.begun else 0)
        elif self.prefilter is None:
            known, there = position.seen.keys, Counter()
        # from here on it is not known yet how many events there are besides those that are read
        self._uncounted = mark + 1 if mark is not None else (window.lower or 0)
        last: Sequence[Hit] | None = None
        extent: Extent | None = None
        if window.lower is None or window.lower <= upper:
            if self.prefilter:
                sifted = self.prefilter.sift(view, window, [(window.lower, upper)])
                window, extent = sifted.window, sifted.there
            self._extent = window.lower, extent
            if extent and extent.first is not None:
                self._uncounted = max(self._uncounted, extent.first)
            try:
                coming: Iterable[Page] = (Page((), last=True),)
                counts = extent or window.begun
                if counts is None or counts.total:  # else it is known that nothing comes
                    coming = ahead(
                        self.client, window, view.pit, self.retry, reading, self.looked_at
                    )
                for page in coming:
                    # the last one moves the mark further: it waits until it is known to be none
                    for hits in (last, page.hits if page.more else ()):
                        if hits:
                            found = Part(hits, known, there)
                            yield from self.batch(found, position, hit_time(hits[-1]), view=view)
                            if self.outdated(window):
                                return True
                    last = () if page.more else page.hits
            except (RequestError, SourceError):
                if reading.total:
                    self.owed = Owed.of(reading, upper, window)
                raise
        if last is None or (not last and position.mark is None and not (extent and extent.total)):
            return False
        quiet = mark is not None and upper - mark < milliseconds(QUIET)
        found = Part(last, known, there)
        yield from self.batch(found, position, upper, view=view, last=True, always=not quiet)
        return False

    @contextmanager
    def counting(self, view: View, window: Window) -> Iterator[Callable[[], Begun | None]]:
        """What gives how many hits a window has, which is asked meanwhile; None where it is not."""
        if self.prefilter or len(self.paces) > 1 or (window.lower or 0) > window.upper:
            yield lambda: None
            return
        with self.pool(1) as pool:
            coming = pool.submit(counted, view.client, window, view.pit, self.retry)
            yield coming.result

    def none_from(self, time: int) -> bool:
        """Whether it is known that the view has no event from a time (epoch ms) on."""
        lower, extent = self._extent
        covered = lower is None or lower <= time
        return bool(covered and extent and extent.last is not None and extent.last < time)

    def outdated(self, window: Window) -> bool:
        """Whether a window would be read otherwise now: with other fields, or for other rules."""
        if self.prefilter and self.prefilter.asking() is not window.asking:
            return True
        return self.fields() != window.fields

    def sift(self, view: View, spans: Sequence[tuple[int, int]]) -> View:
        """A view in which some spans of time are read without what no rule can match."""
        if self.prefilter is None:
            return view
        return replace(view, base=self.prefilter.sift(view, view.base, spans, again=True).window)

    def window(self, position: Position, upper: int) -> Window:
        """The time window of a poll that starts from a position."""
        lower = position.start
        if position.mark is not None:
            again = position.edge()
            lower = again if lower is None else max(lower, again)
        return Window(
            self.origin, self.cursor, lower, upper, self.tiebreak, self.query, self.page_size,
            paces=self.paces, pool=self.pool, fields=self.fields(),
            asking=self.prefilter.asking() if self.prefilter else None,
        )  # fmt: skip

    def swept(self, position: Position, now: int) -> Iterator[Batch]:
        """What a sweep finds; its events are evaluated, and then known."""
        assert self.sweep is not None
        base = self.window(position, 0)
        finds = self.sweep.run(self.client, base, position, self.retry, now, self.sift)
        yield from self.taken(finds, position, base)  # with other fields it is due again

    def taken(
        self, finds: Iterable[Found], position: Position, base: Window
    ) -> Generator[Batch, None, bool]:
        """What was found behind the mark, as batches, until other fields are wanted: whether."""
        for found in finds:
            records = list(self.readable(found.hits, self.look))
            for note in found.notes:
                self.note(note.kind, note.start, note.end, note.count, note.reason, note.step,
                          fillable=note.fillable)  # fmt: skip
            found.keep()
            yield self.plain(position, records, span_of(found.hits))
            if self.outdated(base):
                return True
        return False

    def window_batches(
        self, start: datetime, end: datetime, look: Look | None = None
    ) -> Iterator[Batch]:
        """All events from `start` to `end` (exclusive), oldest first, without checkpoints.

        `look` is that of whoever evaluates them. Raises `SourceError` when an answer is not whole.
        """
        window = Window(
            self.origin, self.cursor, epoch_ms(start), epoch_ms(end) - 1,
            self.tiebreak, self.query, self.page_size, paces=self.paces, pool=self.pool,
            fields=self.fields(),
        )  # fmt: skip
        with told_as(SourceError, f"source {self.name!r} cannot read {self.origin!r}"):
            for hits in pages(self.client, window, self.retry):
                records = list(self.readable(hits, look or nothing_told))
                yield Batch(records, None, span=span_of(hits))

    def plain(
        self,
        position: Position,
        records: Sequence[Record] = (),
        span: tuple[datetime, datetime] | None = None,
    ) -> Batch:
        """A batch with the checkpoint as it is, and what there is to note."""
        if position.memory:
            for lower, end in position.memory.unknown:
                self.note("unswept", lower, end, reason=UNSWEPT, fillable=True)
            position.memory.unknown.clear()
        notes, self.notes = self.notes, []
        return Batch(records, position.checkpoint(), notes, span)

    def note(
        self,
        kind: str,
        start: int | None = None,
        end: int | None = None,
        count: int | None = None,
        reason: str = "",
        step: int = 0,
        *,
        fillable: bool = False,
    ) -> None:
        """Have something recorded with the next batch; times in epoch ms."""
        state: State = "open" if fillable else "noted"
        window = (None if start is None else time_of(start), None if end is None else time_of(end))
        self.notes.append(Note(kind, self.name, *window, count, reason, state=state, step=step))

    def note_clock(self, position: Position, upper: int) -> None:
        """Record that polls are behind their own mark: the clock was ahead when it was set."""
        if position.mark is None or upper >= position.mark - self.overlap_ms:
            return
        if self._reported.get("clock-back") != position.mark:
            self._reported["clock-back"] = position.mark
            text = "the clock was set back: only a sweep reads here until it has caught up"
            end = position.mark - self.overlap_ms
            self.note("clock-back", upper, end, reason=text, fillable=True)

    def note_vanished(self, owed: Owed, view: View | None) -> None:
        """Record events that a poll that failed had still to read, and that are gone."""
        self.owed = None
        left = owed.left(view)
        if left > 0:
            text = "events were deleted, or their index, before they could be read"
            self.note("vanished", owed.after, owed.upper + 1, left, text)
            self.report(Problem("vanished", f"{left} {text}", self.origin))

    def batch(
        self,
        part: Part,
        position: Position,
        mark: int,
        *,
        view: View,
        last: bool = False,
        always: bool = False,
    ) -> Iterator[Batch]:
        """What of a part is not known; none when there is nothing to tell.

        `view` is that of the poll; after the `last` part all of it is known.
        """
        keyed = [(hit_key(self.origin, hit), hit) for hit in part.hits]
        new = [(key, hit) for key, hit in keyed if key not in part.known]
        position.seen.update((key, hit_time(hit)) for key, hit in new)
        part.count(position.seen)
        records = list(self.readable((hit for _, hit in new), self.look))
        moved = position.mark is None or mark > position.mark
        if self.prefilter and position.memory and moved:
            edge = position.seen.edge(mark)
            if edge > self._uncounted:
                passed_over(view, position, self._uncounted, edge)
                self._uncounted = edge
        position.advance(mark)
        if not records and not always:
            return
        if last and moved and (self.prefilter or crowded(position.seen)):
            lower = max(position.edge(), view.base.lower or 0)
            if not self.none_from(lower):
                settle(view, position.seen, lower, mark)
        yield self.plain(position, records, span_of([hit for _, hit in new]))

    def readable(self, hits: Iterable[Hit], look: Look) -> Iterator[Record]:
        """The hits that can be evaluated; the others are told of."""
        for hit in hits:
            source = hit.get("_source")
            if isinstance(source, Record):  # it was looked at as it came
                yield source
            elif "_source" in hit:
                yield self.record(hit, look)
            else:
                name = f"{hit['_index']}/{hit['_id']}"
                self.report(Problem("no-source", f"{name} does not store its _source", self.origin))

    def looked_at(self, hits: Sequence[Hit]) -> None:
        """Look at hits whose turn comes later, while those between are on their way."""
        for hit in hits:
            if type(hit.get("_source")) is bytes:
                hit["_source"] = self.record(hit, self.look)  # type: ignore[index]

    def record(self, hit: Hit, look: Look) -> Record:
        """A hit as the engine takes it; its id names the stream, not the backing index."""
        source, index, id = hit["_source"], str(hit["_index"]), hit_id(self.origin, hit)
        raw = source if type(source) is bytes and len(source) <= RAW_KEPT else None
        candidates = look(raw) if raw else None
        if raw and candidates == ():
            return UnreadHit(raw, self.origin, id, index)
        found = document(hit, self.origin, self.report)
        return Record(found, self.origin, id, index, None, raw, candidates)

    def count_untimed(self, now: int) -> None:
        """Report how many documents no poll can ever reach, when that number has changed.

        They are counted now and then: each time is a search.
        """
        if self._counted is not None and 0 <= now - self._counted < milliseconds(UNTIMED):
            return
        query = filtered(self.query, OWN_PREFIXES)
        query["bool"]["must_not"].append({"exists": {"field": self.cursor}})
        count = self.retry.call(lambda: self.client.count(self.origin, query))
        self._counted = now
        if count:
            self.tell_once("no-time-field", count, f"documents without {self.cursor} are not read")

    def tell_once(self, kind: str, count: int, message: str) -> None:
        """Report a counted problem, unless it was reported with the same count."""
        if self._reported.get(kind) != count:
            self._reported[kind] = count
            self.report(Problem(kind, f"{count} {message}", self.origin))
            self.note(kind, count=count, reason=message, step=count)

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""


def nothing_told(_text: bytes, /) -> None:
    """A `Look` that can never tell."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some hits of a poll in their order, the keys that were known before, and where the overlap
    is read whole how many hits of each bin there were so far."""

    hits: Sequence[Hit]
    known: Set[str]
    there: Counter[int] | None

    def count(self, seen: Seen) -> None:
        """Have it known how many events there are, in the bins that these hits reach into."""
        if self.there is not None:
            here = Counter([hit_time(hit) // seen.bin_ms for hit in self.hits])
            self.there.update(here)
            seen.counted({bin: self.there[bin] for bin in here})


@dataclass(slots=True)
class Owed:
    """Hits that a poll had still to read when it failed, after a time and up to another.

    Of the time `after` itself, `known` hits had come.
    """

    after: int
    upper: int
    known: int
    expected: int
    sieve: Mapping[str, Any] | None = None
    """What those hits were to meet."""

    @classmethod
    def of(cls, reading: Reading, upper: int, window: Window) -> Owed:
        """What was left of a reading of a window."""
        left = reading.total - reading.read
        return cls(reading.last, upper, reading.at_last, left, window.sieve)

    def left(self, view: View | None) -> int:
        """What is not there any more, at least: events that came since stand in for others."""
        if view is None:
            return self.expected
        view = replace(view, base=replace(view.base, sieve=self.sieve))
        later = view.count(self.after + 1, self.upper)
        return self.expected - later - max(0, view.count(self.after, self.after) - self.known)


def span_of(hits: Sequence[Hit]) -> tuple[datetime, datetime] | None:
    """From the first to just after the last of some hits in order."""
    if not hits:
        return None
    return time_of(hit_time(hits[0])), time_of(hit_time(hits[-1]) + 1)


def time_of(ms: int) -> datetime:
    """The time of milliseconds since 1970, kept within the years that there are."""
    low, high = -62_135_596_800_000, 253_402_300_799_999
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=min(max(ms, low), high))


def epoch_ms(time: datetime) -> int:
    """Milliseconds since 1970; a time without a zone counts as UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def milliseconds(span: timedelta) -> int:
    """A span in whole milliseconds."""
    return span // timedelta(milliseconds=1)
