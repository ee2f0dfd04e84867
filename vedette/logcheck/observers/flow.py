"""Flow: how many events come, when none do, and which of them any rule is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from engine.event import Event
from vedette.logcheck.finding import LONGEST, Finding, graded, percent
from vedette.logcheck.moments import moment_of
from vedette.logcheck.registry import Given, check
from vedette.routes import Routes
from vedette.spans import words

BUCKETS = 4096
"""Spans that are counted apart; when there are more, each becomes twice as long."""

FIRST = 60
"""Seconds of a span at first."""

ENOUGH = 12
"""Spans with events below which nothing can be said of their rhythm."""

SILENT = 6
"""So many times the usual pause is a silence."""


@check("volume", 30)
class Volume:
    """How much comes, and when does nothing come?"""

    def __init__(self, given: Given) -> None:
        self.times = given.times
        self.size = FIRST
        self.counts: Counter[int] = Counter()

    def see(self, event: Event) -> None:
        """Look at one."""
        found = moment_of(event, self.times)
        if found is None or found.time is None:
            return
        self.counts[int(found.time.timestamp()) // self.size] += 1
        while len(self.counts) > BUCKETS:
            self.size *= 2
            halved: Counter[int] = Counter()
            for bucket, count in self.counts.items():
                halved[bucket // 2] += count
            self.counts = halved

    def findings(self) -> Iterator[Finding]:
        """What was seen."""
        if not self.counts:
            return
        held = sorted(self.counts)
        span = timedelta(seconds=(held[-1] - held[0] + 1) * self.size)
        total = self.counts.total()
        hours = max(span / timedelta(hours=1), self.size / 3600)
        most = max(self.counts.values())
        rate = f"{total / hours:,.0f}" if total >= hours else "under 1"
        told = (
            f"{total:,} events in {words(span)}: {rate} an hour, "
            f"at most {most:,} in {words(timedelta(seconds=self.size))}"
        )
        numbers = {"events": total, "seconds": int(span.total_seconds()), "most": most}
        yield Finding("ok", told, numbers=numbers)
        yield from self._silence(held)

    def _silence(self, held: list[int]) -> Iterator[Finding]:
        if len(held) < ENOUGH:
            return
        steps = [after - before for before, after in pairwise(held)]
        usual = max(1.0, median(steps))
        gaps = [
            (step, held[at]) for at, step in enumerate(steps) if step > max(SILENT * usual, SILENT)
        ]
        if not gaps:
            yield Finding("ok", "no silence: events come all the time")
            return
        shown = tuple(
            f"from {self._time(start + 1)} for {words(timedelta(seconds=(step - 1) * self.size))}"
            for step, start in sorted(gaps, reverse=True)[:3]
        )
        longest = max(step for step, _ in gaps) * self.size
        yield Finding(
            "warn", f"{len(gaps):,} silences, at most {words(timedelta(seconds=longest))} long",
            "see whether shipping stood still then, or nothing happened",
            {"silences": len(gaps), "longest_seconds": longest}, shown,
        )  # fmt: skip

    def _time(self, bucket: int) -> str:
        return f"{datetime.fromtimestamp(bucket * self.size, UTC):%Y-%m-%d %H:%M}"


@check("coverage", 31)
class Coverage:
    """Is there any rule for the log sources of these events?"""

    def __init__(self, given: Given) -> None:
        self.routes = Routes(given.rules)
        self.total = self.covered = 0
        self.without: Counter[str] = Counter()
        self.rules: set[str] = set()

    def see(self, event: Event) -> None:
        """Look at one."""
        self.total += 1
        found = self.routes.of(event)
        if found:
            self.covered += 1
            if len(self.rules) < 100_000:
                self.rules.update(rule.id for rule, _ in found)
            return
        kind = kind_of(event)[:LONGEST]
        if kind in self.without or len(self.without) < 1000:
            self.without[kind] += 1

    def findings(self) -> Iterator[Finding]:
        """What was seen."""
        bare = self.total - self.covered
        numbers = {"covered": self.covered, "of": self.total, "rules": len(self.rules)}
        if not bare:
            yield Finding(
                "ok", f"{len(self.rules):,} rules are for the log sources of all events",
                numbers=numbers,
            )  # fmt: skip
            return
        told = f"no loaded rule is for {bare:,} events ({percent(bare, self.total)})"
        if self.covered:
            told += f"; {len(self.rules):,} rules are for the others"
        state = "fail" if not self.covered else graded(bare / self.total, 0.5, 1.1)
        shown = tuple(f"{kind}: {count:,}" for kind, count in self.without.most_common(5))
        yield Finding(
            state, told, "load rules for them, name their logsource, or do not ship them",
            numbers, shown,
        )  # fmt: skip


def kind_of(event: Event) -> str:
    """What kind of event it is, in words."""
    channel, number = event.first("Channel"), event.first("EventID")
    if channel is not None:
        return f"{channel} {number}" if number is not None else str(channel)
    labels = [str(v) for n in ("product", "service", "category") if
              (v := event.first(f"logsource.{n}"))]  # fmt: skip
    if labels:
        return "/".join(labels)
    named = event.first("event.dataset", "event.module", "@stream", "type", "eventName")
    return str(named) if named is not None else "no known kind"
