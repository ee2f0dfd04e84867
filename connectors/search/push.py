"""Push-down: a source of which the cluster evaluates the rules, and only what matches is read.

The checkpoint is that of a `SearchSource`, but for what is remembered: not the ids of all events,
but of the matches, for as long as an event may be late. So a source may change between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from connectors.search.matched import Matched
from connectors.search.msearch import mget, msearch
from connectors.search.paging import Hit, Window, check_whole, pages
from connectors.search.position import Position
from connectors.search.retry import told_as
from connectors.search.seen import key_of
from connectors.search.source import (
    QUIET,
    SearchSource,
    epoch_ms,
    milliseconds,
    nothing_told,
    span_of,
)
from connectors.search.view import hit_id
from engine.errors import Problem, SourceError
from engine.ledger import Note
from engine.ports import Batch, Checkpoint, Look, Record
from engine.pushed import Pushed, Question, Questions

T = TypeVar("T")

BATCH = 100
"""Searches of one request."""

MOST = 100_000
"""Matches that are held, and known by id; a window with more is read in halves."""

HOUR = 3_600_000

FETCHED = 500
"""Documents that are fetched at a time."""

KEY = "pushed"
"""Where a checkpoint has the ids of matches."""


@dataclass(slots=True)
class Found:
    """An event that matches, and the rules that it was found by."""

    hit: Hit
    rules: list[str] = field(default_factory=list)

    @property
    def time(self) -> int:
        """By the cursor, epoch ms."""
        return int(self.hit["sort"][0])


class PushSource(SearchSource):
    """A `Source` of the events that rules match, as the cluster finds them.

    `questions` gives the rules as they are now. Every poll asks all of them about the time since
    the mark and the overlap before it; every `sweep`, about `max_lateness` before it as well. An
    event carries the rules that it was found by, and comes again for a rule that finds it later.

    A question that the server refuses is told (`push-refused`) and not asked again until the
    questions change. Raises as a `SearchSource` does.
    """

    def __init__(self, *args: Any, questions: Callable[[], Questions], **options: Any) -> None:
        self._swept_every: timedelta | None = options.pop("sweep", None)
        self._lateness: timedelta = options.get("max_lateness", timedelta(hours=24))
        super().__init__(*args, **options)
        self._questions = questions
        self._refused: dict[str, Question] = {}
        self._swept: int | None = None
        reach = self.overlap_ms
        if self._swept_every is not None:
            reach = max(reach, milliseconds(self._lateness))
        self._reach = reach

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        """Yield the matches that are new since `checkpoint`, oldest first. See `Source`."""
        position = Position(self.overlap_ms, 0, self.start)
        seen = Matched(self._reach, MOST)
        now = epoch_ms(self.clock())
        upper = now - self.lag_ms
        if checkpoint is not None:
            self._load(checkpoint, position, seen)
            self.note_clock(position, upper)
        elif self.start is not None:
            self.note(
                "skipped-start", None, self.start, reason="events before `start` are not read"
            )
            yield self._batch(position, seen)
        with told_as(SourceError, f"source {self.name!r} cannot ask {self.origin!r}"):
            self.count_untimed(now)
            lower, deep = self._lower(position, now), self._due(now)
            if lower is None:
                lower = self._oldest(upper)
            if lower is not None:
                yield from self._news(position, seen, lower, upper)
                if deep:
                    self._swept = now
        if self.notes:
            yield self._batch(position, seen)

    def window_batches(
        self,
        start: datetime,
        end: datetime,
        look: Look | None = None,  # noqa: ARG002 # decided
    ) -> Iterator[Batch]:
        """All matches from `start` to `end` (exclusive), oldest first, without checkpoints."""
        with told_as(SourceError, f"source {self.name!r} cannot ask {self.origin!r}"):
            for _, found in self._matches(epoch_ms(start), epoch_ms(end) - 1, None):
                for some in _groups(found, FETCHED):
                    records = list(self._records(some))
                    yield Batch(records, None, span=span_of([each.hit for each in some]))

    def _load(self, checkpoint: Checkpoint, position: Position, seen: Matched) -> None:
        position.load({**checkpoint, "seen": position.seen.dump()}, self.name)
        try:
            seen.load(checkpoint.get(KEY) or {})
        except (ValueError, TypeError, AttributeError) as error:
            raise SourceError(
                f"the checkpoint of source {self.name!r} cannot be read: {error}", field=KEY
            ) from error

    def _due(self, now: int) -> bool:
        """Whether it is time to look for events that came later than the overlap."""
        every = self._swept_every
        return every is not None and (
            self._swept is None or now >= self._swept + milliseconds(every)
        )

    def _lower(self, position: Position, now: int) -> int | None:
        if position.mark is None:
            return position.start
        again = position.mark - (self._reach if self._due(now) else self.overlap_ms)
        return again if position.start is None else max(position.start, again)

    def _oldest(self, upper: int) -> int | None:
        """The time of the oldest event, where no start is given; None where there is none."""
        window = self._window(None, upper)
        body = {"query": window.clauses(), "sort": window.sort()[:1], "size": 1, "_source": False,
                "track_total_hits": True}  # fmt: skip
        answer = self.retry.call(lambda: self.client.search(body, self.origin))
        check_whole(self.client.host, answer)
        hits = answer["hits"]["hits"]
        return int(hits[0]["sort"][0]) if hits else None

    def _news(self, position: Position, seen: Matched, lower: int, upper: int) -> Iterator[Batch]:
        mark = position.mark
        for end, found in self._matches(lower, upper, seen):
            for some in _groups(found, FETCHED):
                records = list(self._records(some))
                for each in some:
                    for rule in each.rules:
                        seen.add(self._key(each.hit, rule), each.time)
                late = sum(mark is not None and each.time < mark - self.overlap_ms for each in some)
                if late:
                    text = "events came later than overlap, and were found by the look behind it"
                    window = span_of([each.hit for each in some])
                    start, stop = window or (None, None)
                    self.notes.append(Note("late", self.name, start, stop, late, text))
                position.advance(max(some[-1].time, mark or some[-1].time))
                yield self._batch(position, seen, records, span_of([each.hit for each in some]))
            quiet = position.mark is not None and end - position.mark < milliseconds(QUIET)
            if not quiet:
                position.advance(end)
                yield self._batch(position, seen)
            position.advance(end)

    def _batch(
        self,
        position: Position,
        seen: Matched,
        records: Sequence[Record] = (),
        span: tuple[datetime, datetime] | None = None,
    ) -> Batch:
        """A batch with the checkpoint as it is, and what there is to note."""
        if position.mark is not None:
            seen.forget_before(position.mark)
        if seen.capped:
            self.tell_capped(position.mark or 0)
        notes, self.notes = self.notes, []
        return Batch(records, {**position.checkpoint(), KEY: seen.dump()}, notes, span)

    def tell_capped(self, mark: int) -> None:
        """Tell that there are more matches than are known by id; noted for each hour."""
        message = "matches are known by id, some come again"
        hour = mark // HOUR * HOUR
        if self._reported.get("seen-capped") is None:
            self.report(Problem("seen-capped", f"{MOST} {message}", self.origin))
        if self._reported.get("seen-capped") != hour:
            self._reported["seen-capped"] = hour
            self.note("seen-capped", hour, hour + HOUR, MOST, f"only so many {message}")

    def _matches(
        self, lower: int, upper: int, seen: Matched | None
    ) -> Iterator[tuple[int, list[Found]]]:
        """The matches of a time that are not seen yet, by time; each with where its part ends.

        A time with too many is asked about in halves.
        """
        found = self._asked(lower, upper, seen, bounded=upper > lower)
        if found is None:
            middle = (lower + upper) // 2
            yield from self._matches(lower, middle, seen)
            yield from self._matches(middle + 1, upper, seen)
            return
        yield upper, sorted(found.values(), key=lambda each: (each.time, each.hit["_id"]))

    def _asked(
        self, lower: int, upper: int, seen: Matched | None, *, bounded: bool
    ) -> dict[tuple[str, str], Found] | None:
        """The matches of all questions, each event once; None where they are too many."""
        found: dict[tuple[str, str], Found] = {}
        total = 0
        for some in _groups(self._asking(), BATCH):
            bodies = [self._body(self._window(lower, upper, each)) for each in some]
            answers = msearch(self.client, self.origin, bodies, self.retry)
            for number, error in answers.refused.items():
                self._refuse(some[number], str(error))
            for number, answer in answers.found.items():
                held = answer["hits"]
                total += int(held["total"]["value"])
                if bounded and total > MOST:
                    return None
                hits: Iterator[Hit] = iter(held["hits"])
                if int(held["total"]["value"]) > len(held["hits"]):
                    window = self._window(lower, upper, some[number])
                    hits = (hit for page in pages(self.client, window, self.retry) for hit in page)
                for hit in hits:
                    rule = some[number].rule
                    if seen is None or self._key(hit, rule) not in seen:
                        name = str(hit["_index"]), str(hit["_id"])
                        found.setdefault(name, Found(hit)).rules.append(rule)
        return found

    def _asking(self) -> Iterator[Question]:
        """The questions that the server does not refuse."""
        for each in self._questions().asked:
            if self._refused.get(each.rule) is not each:
                yield each

    def _refuse(self, question: Question, reason: str) -> None:
        self._refused[question.rule] = question
        text = f"{question.title}: the server refuses its query, and sees nothing of it: {reason}"
        self.report(Problem("push-refused", text, self.origin))
        self.notes.append(Note("push-refused", self.name, reason=reason, subject=question.title))

    def _window(self, lower: int | None, upper: int, question: Question | None = None) -> Window:
        query: Mapping[str, Any] | None = self.query
        if question is not None:
            clauses = [question.query, *([self.query] if self.query else [])]
            query = {"bool": {"filter": clauses}}
        return Window(
            self.origin, self.cursor, lower, upper, self.tiebreak, query, self.page_size,
            sources=False, paces=self.paces, pool=self.pool,
        )  # fmt: skip

    def _body(self, window: Window) -> Mapping[str, Any]:
        return {
            "query": window.clauses(), "sort": window.sort()[:1], "size": self.page_size,
            "_source": False, "version": True, "track_total_hits": True,
        }  # fmt: skip

    def _key(self, hit: Hit, rule: str) -> str:
        return key_of(f"{hit_id(self.origin, hit)}\0{rule}", int(hit.get("_version", 1)))

    def _records(self, some: Sequence[Found]) -> Iterator[Record]:
        """The events of matches; one that was deleted meanwhile is none."""
        hits = [each.hit for each in some]
        for each, document in zip(some, mget(self.client, hits, self.retry), strict=True):
            if document is None:
                continue
            for record in self.readable([{**each.hit, **document}], nothing_told):
                yield Record(record.document, record.origin, record.id, record.index,
                             candidates=Pushed(each.rules))  # fmt: skip


def _groups(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while group := list(islice(left, size)):
        yield group
