"""What a hunt asks of wherever its events are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.hunt.model import Span
from engine.hunt.row import Ask, Bucket, Only, Table
from engine.ports import Record


class Reader(Protocol):
    """The events of one hunt: those of its index that meet its query, or those of files.

    Raises `SourceError` when an answer is not whole: a run ends then, and nothing moves.
    """

    counts: bool
    """Whether it can count without giving events."""

    def events(self, span: Span, only: Only | None = None) -> Iterator[Record]:
        """The events of a span, oldest first to the millisecond; `only` may narrow them."""
        ...

    def buckets(self, span: Span, ask: Ask) -> Iterable[Bucket] | None:
        """Counts of all combinations of values; None where it cannot count so."""
        ...

    def table(self, language: str, text: str, span: Span) -> Table:
        """The answer of a query language. Raises `SourceError` where there is none such."""
        ...


@dataclass(slots=True)
class ListReader:
    """A reader over records in memory, each with its time; for tests, files and examples."""

    records: Sequence[tuple[int, Record]]
    tables: Mapping[str, Table] | None = None
    counts: bool = False

    def events(self, span: Span, only: Only | None = None) -> Iterator[Record]:  # noqa: ARG002
        """Those of the span, in their order; all of them, whatever `only` says."""
        yield from (record for time, record in self.records if time in span)

    def buckets(self, span: Span, ask: Ask) -> Iterable[Bucket] | None:  # noqa: ARG002
        """It counts nothing: hunts do that in-process."""
        return None

    def table(self, language: str, text: str, span: Span) -> Table:  # noqa: ARG002
        """The table that was given for a language."""
        if self.tables is None or language not in self.tables:
            from engine.errors import SourceError

            raise SourceError(f"only a cluster can answer a query in {language}")
        return self.tables[language]
