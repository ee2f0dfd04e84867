"""A hunt that is ready to run, and the span of time that one run of it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine.correlate.value import micros
from engine.rule import Rule

if TYPE_CHECKING:
    from engine.hunt.type import HuntType

ALERTS = 1_000
"""Alerts of one run, where the hunt does not say another number."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a hunt is due: every so often, or at the times of a cron expression in a zone."""

    every: timedelta | None = None
    cron: str | None = None
    timezone: str = "UTC"

    def __str__(self) -> str:
        if self.every is not None:
            from engine.hunt.keys import written

            return f"every {written(self.every)}"
        return f"cron {self.cron} ({self.timezone})"


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What a hunt's alerts say otherwise than its head, and how many one run may make."""

    level: str | None = None
    risk_score: float | None = None
    most: int = ALERTS


@dataclass(frozen=True, slots=True)
class Hunt:
    """A loaded hunt.

    `rule` says of it what alerts say of a rule. `index` is where its events are in a cluster,
    `time_field` their time; `query` (a Lucene string, or query DSL) is for the cluster to
    evaluate, `filter` is a Sigma detection that is evaluated in-process: an event counts when it
    meets both. `lookback` is how far behind its own window a run looks for events that came
    late, `delay` how far runs stay behind the present. `content` is a hash of all that its answer
    depends on.
    """

    rule: Rule
    type: HuntType
    index: str | None = None
    time_field: str = "@timestamp"
    query: str | Mapping[str, Any] | None = None
    filter: Rule | None = None
    group_by: tuple[str, ...] = ()
    lookback: timedelta = timedelta(hours=1)
    delay: timedelta = timedelta(minutes=1)
    schedule: Schedule | None = None
    alerts: AlertSettings = field(default_factory=AlertSettings)
    enabled: bool = True
    content: str = ""

    @property
    def level(self) -> str:
        """The level of its alerts."""
        return self.alerts.level or self.rule.level

    def __str__(self) -> str:
        return self.rule.title


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to before `end`, in microseconds since 1970."""

    start: int
    end: int

    @classmethod
    def of(cls, start: datetime, end: datetime) -> Span:
        """The span between two times, to the millisecond: stores know no finer ones."""
        return cls(micros(start) // 1000 * 1000, micros(end) // 1000 * 1000)

    def before(self, width: int) -> Span:
        """The same with so many microseconds before it."""
        return Span(max(0, self.start - width), self.end)

    def __contains__(self, time: int) -> bool:
        return self.start <= time < self.end


MICROS = 1_000_000
"""Microseconds of a second."""


def width(span: timedelta) -> int:
    """A span of time in microseconds."""
    return span // timedelta(microseconds=1)
