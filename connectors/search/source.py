"""Events from an index pattern, stream or alias of a cluster, read without gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from connectors.search.defaults import now, unheard
from connectors.search.names import OWN_PREFIXES, stream_name
from connectors.search.paging import Hit, Window, filtered, pages
from connectors.search.port import SearchClient
from connectors.search.position import Position
from connectors.search.retry import Retry, told_as
from connectors.search.seen import key_of
from engine.errors import Problem, Report, SettingsError, SourceError
from engine.ports import Batch, Checkpoint, Record

QUIET = timedelta(minutes=1)
"""How far the mark may lag while nothing new comes, to spare writes of the checkpoint."""


class SearchSource:
    """A `Source` over an index pattern.

    The cursor is `cursor_field` (when documents were ingested, where the source sets it), else
    `time_field`. Documents become searchable out of order, so each poll re-reads the `overlap`
    before the mark, and leaves out the newest `refresh_lag`. `query` is one DSL clause that
    events must meet. `tiebreak` names a field with unique values, for servers too old for the
    client's own. `start` says where the first poll begins, at a time or "all"; a checkpoint keeps
    it, whatever `start` says later.

    Problems reported: `no-time-field` (documents without the cursor field are never read),
    `no-source` (a document whose `_source` is not stored), `seen-capped` (more than `max_seen`
    events in the overlap: some are evaluated again, which costs time but adds no alert).
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
        clock: Callable[[], datetime] = now,
        max_seen: int = 100_000,
        tiebreak: str | None = None,
        report: Report = unheard,
        retry: Retry | None = None,
    ) -> None:
        if not 1 <= page_size <= 10_000:
            raise SettingsError(
                f"{page_size} is out of range", field="page_size", expected="1 to 10000"
            )
        if not index.strip(" ,"):
            raise SettingsError("no index pattern given", field="index", expected="logs-*")
        self.client, self.name, self.origin = client, name, index
        self.cursor = cursor_field or time_field
        self.query, self.page_size = query, page_size
        self.tiebreak = (tiebreak,) if tiebreak else tuple(client.tiebreak)
        self.overlap_ms, self.max_seen = milliseconds(overlap), max_seen
        self.lag_ms = milliseconds(refresh_lag)
        self.start = None if start == "all" else epoch_ms(start)
        self.clock, self.report, self.retry = clock, report, retry or Retry()
        self._reported: dict[str, int] = {}

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        """Yield what is new since `checkpoint`, oldest first, each batch with its checkpoint.

        Raises `SourceError` when an answer is not whole; nothing moves then.
        """
        position = Position(self.overlap_ms, self.max_seen, self.start)
        if checkpoint is not None:
            position.load(checkpoint, self.name)
        elif self.start is not None:
            # where the first poll began must outlast it: at the next launch "now" is another time
            yield Batch([], position.checkpoint())
        upper = epoch_ms(self.clock()) - self.lag_ms
        with told_as(SourceError, f"source {self.name!r} cannot read {self.origin!r}"):
            self.count_untimed()
            last: list[Hit] | None = None
            for hits in pages(self.client, self.window(position, upper), self.retry):
                if last:
                    yield from self.batch(last, position, int(last[-1]["sort"][0]))
                last = hits
        if last is None or (not last and position.mark is None):
            return
        quiet = position.mark is not None and upper - position.mark < milliseconds(QUIET)
        yield from self.batch(last, position, upper, always=not quiet)

    def window(self, position: Position, upper: int) -> Window:
        """The time window of a poll that starts from a position."""
        lower = position.start
        if position.mark is not None:
            again = position.mark - self.overlap_ms
            lower = again if lower is None else max(lower, again)
        return Window(
            self.origin, self.cursor, lower, upper, self.tiebreak, self.query, self.page_size
        )

    def batch(
        self, hits: Iterable[Hit], position: Position, mark: int, *, always: bool = False
    ) -> Iterator[Batch]:
        """The unseen of some hits as a batch; none when there is nothing to tell."""
        records = []
        for hit in hits:
            record = self.record(hit)
            key = key_of(record.id or "", int(hit.get("_version", 1)))
            if key in position.seen:
                continue
            position.seen.add(key, int(hit["sort"][0]))
            if "_source" in hit:
                records.append(record)
            else:
                name = f"{hit['_index']}/{hit['_id']}"
                self.report(Problem("no-source", f"{name} does not store its _source", self.origin))
        position.advance(mark)
        if position.seen.capped:
            self.tell_once("seen-capped", self.max_seen, "events in the overlap, some come again")
        if records or always:
            yield Batch(records, position.checkpoint())

    def record(self, hit: Hit) -> Record:
        """A hit as the engine takes it; its id names the stream, not the backing index."""
        index = str(hit["_index"])
        return Record(
            document=hit.get("_source") or {},
            origin=self.origin,
            id=f"{stream_name(self.origin, index)}/{hit['_id']}",
            index=index,
        )

    def count_untimed(self) -> None:
        """Report how many documents no poll can ever reach, when that number has changed."""
        query = filtered(self.query, OWN_PREFIXES)
        query["bool"]["must_not"].append({"exists": {"field": self.cursor}})
        count = self.retry.call(lambda: self.client.count(self.origin, query))
        if count:
            self.tell_once("no-time-field", count, f"documents without {self.cursor} are not read")

    def tell_once(self, kind: str, count: int, message: str) -> None:
        """Report a counted problem, unless it was reported with the same count."""
        if self._reported.get(kind) != count:
            self._reported[kind] = count
            self.report(Problem(kind, f"{count} {message}", self.origin))

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""


def epoch_ms(time: datetime) -> int:
    """Milliseconds since 1970; a time without a zone counts as UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def milliseconds(span: timedelta) -> int:
    """A span in whole milliseconds."""
    return span // timedelta(milliseconds=1)
