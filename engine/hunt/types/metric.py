"""Metric: the sum, average, least, greatest or a percentile of a number within a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import ClassVar

from engine.correlate.condition import Compare, Number
from engine.correlate.measure import Average, Measure, Percentile, Sum
from engine.correlate.value import numbers
from engine.hunt import keys
from engine.hunt.extremes import Greatest, Least
from engine.hunt.keys import Key, KeyProblem, written
from engine.hunt.model import width
from engine.hunt.narrow import narrowed
from engine.hunt.row import Ask, Bucket, Finding, Row
from engine.hunt.sliding import Sliding
from engine.hunt.type import Given, HuntType, Run
from engine.hunt.windows import found_in
from engine.hunt.words import number

MEASURES: dict[str, Callable[[], Measure]] = {
    "sum": Sum, "avg": Average, "min": Least, "max": Greatest
}  # fmt: skip
WORDS = {"sum": "the sum", "avg": "the average", "min": "the least", "max": "the greatest"}
SLACK = 1e-3
"""Share by which a store may have rounded a number (half precision does to 1 in 2,048)."""


@dataclass(frozen=True)
class Metric(HuntType):
    """A measure of a number that satisfies a condition."""

    fields: tuple[str, ...]
    field: str
    measure: str
    percentile: float
    condition: Compare
    within: timedelta
    min_events: int

    name: ClassVar[str] = "metric"
    summary: ClassVar[str] = "the sum, average, extreme or percentile of a number within a time"
    where: ClassVar[str] = "narrowed by the cluster, then decided in-process"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("field", keys.FIELD, "The field with the number.", required=True),
        Key("measure", keys.one_of(*MEASURES, "percentile"), "What is made of the numbers.",
            required=True),
        Key("percentile", keys.real(0, 100), "Which percentile, with that measure."),
        Key("condition", keys.COMPARE, "What the measure must satisfy.", required=True),
        Key("within", keys.DURATION, "The time in which the events come.", required=True),
        Key("min_events", keys.whole(1, 100_000), "Events that the window has at least.",
            default=1),
    )  # fmt: skip

    @classmethod
    def of(cls, given: Given) -> Metric:
        """The type with a hunt's own values. Raises `KeyProblem`."""
        options = given.options
        measure, percent = options["measure"], options["percentile"]
        if (measure == "percentile") != (percent is not None):
            raise KeyProblem("goes with the measure percentile, and only with that",
                             "percentile: 95, and that measure", path=("percentile",))  # fmt: skip
        if measure == "sum" and options["condition"].closing:
            raise KeyProblem("a window of few events has a small sum: every one would alert",
                             "gt or gte", path=("condition",))  # fmt: skip
        return cls(
            given.group_by, options["field"], measure, percent or 0, options["condition"],
            options["within"], options["min_events"],
        )  # fmt: skip

    def findings(self, run: Run) -> Iterator[Finding]:
        """The first window of each episode."""
        span = width(self.within)
        make = MEASURES.get(self.measure) or partial(Percentile, self.percentile)
        sliding = Sliding(self.fields, span, make, self._holds, values=self._values)
        ask = Ask(self.fields, span, self.field)
        only = narrowed(run.reader, run.span.before(sliding.context), ask, self._may)
        words = WORDS.get(self.measure) or f"percentile {self.percentile:g}"
        for found in found_in(sliding, run, only):
            value = number(found.window.value)
            what = f"{value} is {words} of {self.field}{{group}} within {written(self.within)}"
            detail = (
                f"{self.measure} {value}, wanted: {self.condition}",
                f"of {found.total:,} events",
            )
            yield found.finding(self.fields, what, detail)

    def _holds(self, value: Number | None, events: int) -> bool:
        return events >= self.min_events and self.condition.holds(value)

    def _values(self, row: Row) -> tuple[int | float, ...] | None:
        return numbers(row.event.values(self.field)) or None

    def _may(self, buckets: list[Bucket]) -> bool:
        """Whether events with these extremes can satisfy every comparison."""
        if sum(bucket.count for bucket in buckets) < self.min_events:
            return False
        known = [b for b in buckets if b.most is not None and b.least is not None]
        if not known:
            return False
        most = max(bucket.most or 0.0 for bucket in known)
        least = min(bucket.least or 0.0 for bucket in known)
        if self.measure == "sum":
            most = sum(bucket.count * max(bucket.most or 0.0, 0.0) for bucket in known)
        for op, bound in self.condition.tests:
            slack = 1 + SLACK * abs(bound)  # whole-number fields cut off what is behind the point
            if op in ("gt", "gte", "eq") and most < bound - slack:
                return False
            if op in ("lt", "lte", "eq") and least > bound + slack:
                return False
        return True


TYPE = Metric
