"""Records to the rows that a hunt counts: filtered, named, in the order of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from engine.correlate.value import clean, micros
from engine.detect import Detector
from engine.errors import Problem, Report
from engine.event import Event
from engine.hunt.model import Hunt, Span
from engine.hunt.reader import Reader
from engine.hunt.row import Only, Row
from engine.ids import content_hash, occurrence_id
from engine.moment import parse_time
from engine.normalise import normalise
from engine.ports import Record

_MILLISECOND = timedelta(milliseconds=1) // timedelta(microseconds=1)


class Rows:
    """Reads a hunt's events; those without a time are counted and left out."""

    def __init__(self, hunt: Hunt, reader: Reader, report: Report) -> None:
        self._hunt, self._reader, self._report = hunt, reader, report
        self._filter = Detector([hunt.filter], report) if hunt.filter else None
        self.read = 0
        """Events that were read, whether they count or not."""

    def __call__(self, span: Span, only: Only | None = None) -> Iterator[Row]:
        """The rows of a span in the order of (time, id)."""
        return ordered(row for row in self._all(span, only) if row.time in span)

    def _all(self, span: Span, only: Only | None) -> Iterator[Row]:
        seen: Counter[str] = Counter()
        untimed = 0
        for record in self._reader.events(span, only):
            self.read += 1
            event = normalise(record)
            if self._filter and not self._filter.match(event):
                continue
            time = time_of(event, self._hunt.time_field)
            if time is None:
                untimed += 1
                continue
            yield Row(time, name_of(record, seen), event)
        if untimed:
            message = f"{self._hunt}: {untimed:,} events have no time and are left out"
            self._report(Problem("no-time", message, self._hunt.rule.file))


def time_of(event: Event, field: str) -> int | None:
    """An event's time in microseconds: that of the hunt's time field, else the event's own."""
    found = next((time for value in event.values(field) if (time := parse_time(value))), None)
    time = found or event.time
    return micros(time) if time else None


def name_of(record: Record, seen: Counter[str]) -> str:
    """An event's lasting id; one without is named by content and occurrence among equals."""
    if record.id:
        return clean(record.id)
    digest = content_hash(record.document)
    seen[digest] += 1
    return occurrence_id(digest, seen[digest])


def ordered(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows that come in the order of their milliseconds, in the order of (time, id).

    A store sorts by the millisecond; what lies within one is put in order here. A row that comes
    later than its millisecond (its time is finer or another than the store's) follows at once.
    """
    held: list[Row] = []
    for row in rows:
        if held and row.time // _MILLISECOND != held[0].time // _MILLISECOND:
            yield from sorted(held, key=lambda each: each.key)
            held = []
        held.append(row)
    yield from sorted(held, key=lambda each: each.key)
