"""Threshold: so many events of one group within a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from engine.correlate.measure import Count
from engine.hunt import keys
from engine.hunt.keys import Key, written
from engine.hunt.model import width
from engine.hunt.narrow import narrowed
from engine.hunt.row import Ask, Bucket, Finding
from engine.hunt.sliding import Sliding
from engine.hunt.type import Given, HuntType, Run
from engine.hunt.windows import found_in


@dataclass(frozen=True)
class Threshold(HuntType):
    """At least so many events within a time."""

    fields: tuple[str, ...]
    at_least: int
    within: timedelta

    name: ClassVar[str] = "threshold"
    summary: ClassVar[str] = "so many events of one group within a time"
    where: ClassVar[str] = "counted by the cluster, then decided in-process"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("at_least", keys.whole(1, 100_000), "Events that are enough.", required=True),
        Key("within", keys.DURATION, "The time in which they come.", required=True),
    )

    @classmethod
    def of(cls, given: Given) -> Threshold:
        """The type with a hunt's own values."""
        return cls(given.group_by, given.options["at_least"], given.options["within"])

    def findings(self, run: Run) -> Iterator[Finding]:
        """The first window of each episode."""
        span = width(self.within)
        sliding = Sliding(
            self.fields, span, Count, lambda value, _: value is not None and value >= self.at_least
        )

        def may(buckets: list[Bucket]) -> bool:
            return sum(bucket.count for bucket in buckets) >= self.at_least

        whole = run.span.before(sliding.context)
        only = narrowed(run.reader, whole, Ask(self.fields, span), may)
        for found in found_in(sliding, run, only):
            reason = f"{found.total:,} events{{group}} within {written(self.within)}"
            detail = (f"{found.total:,} events, wanted: at least {self.at_least:,}",)
            yield found.finding(self.fields, reason, detail)


TYPE = Threshold
