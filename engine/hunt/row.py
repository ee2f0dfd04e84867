"""What hunts are evaluated over: events in the order of time, or counts of them; and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.correlate.condition import Number
from engine.correlate.finding import Capped
from engine.correlate.finding import Finding as CorrelationFinding
from engine.detect import Match
from engine.event import Event

Group = tuple[str, ...]
"""Values of the group-by fields, folded (as a key) or as an event wrote them (to be shown)."""


@dataclass(slots=True)
class Row:
    """An event that a hunt counts: its time in microseconds since 1970, its lasting id."""

    time: int
    id: str
    event: Event

    @property
    def key(self) -> tuple[int, str]:
        """Its place in the order of events."""
        return (self.time, self.id)


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many events have one combination of values.

    `values` are as the store has them; `start` is where the bucket begins in microseconds, None
    where time was not divided; `least` and `most` are those of the numeric field that was asked
    for, `last` the time of its latest event, each None where it was not asked for.
    """

    values: tuple[Any, ...]
    count: int
    start: int | None = None
    least: float | None = None
    most: float | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Counts that are wanted: of each combination of `fields`' values, by `interval` of time.

    `number` names a field whose least and greatest value are wanted, too; `last` asks for the time
    of the latest event.
    """

    fields: tuple[str, ...]
    interval: int | None = None
    number: str | None = None
    last: bool = False


Only = Mapping[str, Sequence[Any]]
"""Values that events must have, by field; whoever reads may give more events than these, and must
give those of which it cannot tell."""


@dataclass(frozen=True, slots=True)
class Table:
    """The answer of a query language: columns, rows, and whether its server cut it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    limit: int | None = None
    """The number of rows at which the answer may have been cut; None when it was not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a hunt found.

    `anchor` is what makes the alert's id, apart from the hunt: values that are the same whenever
    the hunt looks at the same events. `time` is when it is complete, `since` when it began;
    `group` the values of the group-by fields as shown; `rows` the events at hand, of `total`.
    `reason` says in words what was found, `detail` one line more for each part of it. A finding
    of Sigma's carries its `match`, or what a correlation `found`, instead.
    """

    anchor: tuple[Any, ...]
    time: int
    since: int
    reason: str
    group: Group = ()
    names: tuple[str, ...] | None = None
    """Of the group, where they are not the hunt's group-by fields."""
    value: Number | None = None
    rows: tuple[Row, ...] = ()
    total: int = 0
    detail: tuple[str, ...] = ()
    capped: Capped | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Of a row of a query language: its columns."""
    match: Match | None = None
    found: CorrelationFinding | None = None
