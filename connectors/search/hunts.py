"""What a hunt asks of a cluster: events page by page, counts by group, answers of languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.search.answer import document
from connectors.search.defaults import unheard
from connectors.search.hunts_counts import counted
from connectors.search.hunts_fields import resolved
from connectors.search.hunts_languages import esql, ppl
from connectors.search.names import stream_name
from connectors.search.paging import Hit, Window, pages, point_in_time
from connectors.search.port import RequestError, SearchClient
from connectors.search.retry import Retry, told_as
from engine.errors import Problem, Report, SourceError
from engine.hunt.model import Span
from engine.hunt.row import Ask, Bucket, Only, Table
from engine.ports import Record

LANGUAGES: dict[str, Callable[..., Table]] = {"esql": esql, "ppl": ppl}


class SearchReader:
    """A `Reader` over an index pattern. `query` is a Lucene string, or query DSL.

    A point in time holds one question together, from its first page to its last.
    """

    counts = True

    def __init__(
        self,
        client: SearchClient,
        index: str,
        *,
        time_field: str = "@timestamp",
        query: str | Mapping[str, Any] | None = None,
        page_size: int = 2000,
        report: Report = unheard,
        retry: Retry | None = None,
    ) -> None:
        self.client, self.index, self.time_field = client, index, time_field
        self.query = clause(query)
        self.page_size, self.report, self.retry = page_size, report, retry or client.retry

    def events(self, span: Span, only: Only | None = None) -> Iterator[Record]:
        """The events of a span, oldest first to the millisecond. Raises `SourceError`."""
        with told_as(SourceError, f"cannot read {self.index!r}"):
            window = self._window(span, self._narrowed(only) if only else self.query)
            for hits in pages(self.client, window, self.retry):
                for hit in hits:
                    yield self._record(hit)

    def names_anything(self) -> bool:
        """Whether there is an index behind the pattern at all. Raises `SourceError`."""
        with told_as(SourceError, f"cannot read {self.index!r}"):
            window = self._window(Span(0, 1000), None)
            with point_in_time(self.client, window, self.retry) as pit:
                return pit is not None

    def buckets(self, span: Span, ask: Ask) -> list[Bucket] | None:
        """Counts of all combinations of values, paged to the end; None where it cannot count."""
        with told_as(SourceError, f"cannot count in {self.index!r}"):
            names = (*ask.fields, *([ask.number] if ask.number else []))
            fields = resolved(self.client, self.index, names, self.retry, number=ask.number)
            if fields is None:
                return None
            window = self._window(span, self.query)
            try:
                return counted(self.client, window, ask, fields, self.retry)
            except RequestError as error:
                if error.transient or error.status != 400:
                    raise
                message = f"{error}; events are read and counted instead"
                self.report(Problem("hunt-not-counted", message, self.index))
                return None

    def table(self, language: str, text: str, span: Span) -> Table:
        """The answer of a query language. Raises `SourceError`."""
        with told_as(SourceError, f"cannot ask in {language}"):
            return LANGUAGES[language](self.client, text, span, self.time_field, self.retry)

    def _window(self, span: Span, query: Mapping[str, Any] | None) -> Window:
        return Window(
            self.index, self.time_field, span.start // 1000, (span.end - 1) // 1000,
            self.client.tiebreak, query, self.page_size,
        )  # fmt: skip

    def _narrowed(self, only: Only) -> Mapping[str, Any] | None:
        """The query, for events that have some values, and for those with values unheld."""
        fields = resolved(self.client, self.index, tuple(only), self.retry)
        if fields is None:
            return self.query
        held = [{"terms": {fields[name]: list(values)}} for name, values in only.items()]
        either = [{"bool": {"filter": held}}, *_unheld(fields)]
        wanted = {"bool": {"should": either, "minimum_should_match": 1}}
        return {"bool": {"filter": [wanted, *([self.query] if self.query else [])]}}

    def _record(self, hit: Hit) -> Record:
        index = str(hit["_index"])
        return Record(
            document=document(hit, self.index, self.report),
            origin=self.index,
            id=f"{stream_name(self.index, index)}/{hit['_id']}",
            index=index,
        )


def clause(query: str | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A query as DSL; text is Lucene's syntax."""
    if isinstance(query, str):
        return {"query_string": {"query": query}}
    return query


def _unheld(fields: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The events with values that are longer than `ignore_above`, so that no index holds them.

    Elasticsearch marks them. OpenSearch does not; there they are known where a text was cut off
    from its `.keyword`.
    """
    yield {"terms": {"_ignored": sorted(fields.values())}}
    for name, field in fields.items():
        if name != field:
            there, not_there = {"exists": {"field": name}}, {"exists": {"field": field}}
            yield {"bool": {"filter": [there], "must_not": [not_there]}}
