"""Times: are they there, do they go forward, and do they say one zone?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from engine.event import Event
from vedette.logcheck.finding import Examples, Finding, graded, percent
from vedette.logcheck.moments import moment_of
from vedette.logcheck.registry import Given, check
from vedette.spans import words

BACK = timedelta(minutes=1)
"""How far an event may lie before the one above it and still be in order."""

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
ORIGINS = 10_000
"""Files or indices whose last time is remembered."""


@check("time", 10)
class Time:
    """Has every event a time, in order, and a possible one?"""

    def __init__(self, given: Given) -> None:
        self.now, self.times = given.now, given.times
        self.total = self.missing = self.yearless = self.unguessed = 0
        self.jumps = self.ahead = self.ancient = 0
        self.furthest = timedelta()
        self.last: dict[str, datetime] = {}
        self.without, self.jumped, self.odd = Examples(), Examples(), Examples()

    def see(self, event: Event) -> None:
        """Look at one."""
        self.total += 1
        found = moment_of(event, self.times)
        if found is None:
            self.missing += 1
            self.without.add(dict(list(event.record.document.items())[:3]))
            return
        if found.zone == "yearless":
            self.yearless += 1
            self.odd.add(found.text)
        if found.time is None:
            self.unguessed += 1
            return
        self._order(event.record.origin, found.time)
        if found.time > self.now + timedelta(hours=1):
            self.ahead += 1
            self.odd.add(found.text)
        elif found.time < EARLIEST:
            self.ancient += 1
            self.odd.add(found.text)

    def _order(self, origin: str, time: datetime) -> None:
        last = self.last.get(origin)
        if last is not None and last - time > BACK:
            self.jumps += 1
            self.furthest = max(self.furthest, last - time)
            self.jumped.add(f"{last:%Y-%m-%d %H:%M:%S} is followed by {time:%Y-%m-%d %H:%M:%S}")
        if len(self.last) < ORIGINS or origin in self.last:
            self.last[origin] = time

    def findings(self) -> Iterator[Finding]:
        """What was seen."""
        share = self.missing / self.total
        if self.missing:
            shown = percent(self.missing, self.total)
            told = f"{self.missing:,} events ({shown}) have no time that can be read"
            yield Finding(
                graded(share, 0.001, 0.05), told, "have the shipper set @timestamp from the event",
                {"missing": self.missing, "of": self.total}, self.without.all,
            )  # fmt: skip
        if self.yearless:
            told = f"{self.yearless:,} events ({percent(self.yearless, self.total)}) name no year"
            guessed = "" if self.unguessed else ": it is guessed"
            yield Finding(
                "fail" if self.unguessed else "warn", told + guessed,
                "have the shipper add year and zone",
                {"yearless": self.yearless}, self.odd.all,
            )  # fmt: skip
        if self.ahead or self.ancient:
            told = f"{self.ahead:,} events lie in the future, {self.ancient:,} before 1990"
            yield Finding(
                "warn", told, "set the clock of what writes them right",
                {"ahead": self.ahead, "ancient": self.ancient}, self.odd.all,
            )  # fmt: skip
        if self.jumps:
            told = (
                f"time jumps back {self.jumps:,} times by over a minute, "
                f"at most by {words(self.furthest)}"
            )
            yield Finding(
                graded(self.jumps / self.total, 0.01, 1.1), told,
                "an overlap, or a cursor of ingest time, has to cover that",
                {"jumps": self.jumps, "furthest_seconds": int(self.furthest.total_seconds())},
                self.jumped.all,
            )  # fmt: skip
        if not (self.missing or self.yearless or self.ahead or self.ancient or self.jumps):
            yield Finding("ok", f"all {self.total:,} events have a time, in order")


@check("zone", 11)
class Zone:
    """Do all times say the same zone?"""

    def __init__(self, given: Given) -> None:
        self.times = given.times
        self.zones: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def see(self, event: Event) -> None:
        """Look at one."""
        found = moment_of(event, self.times)
        if found is None:
            return
        if found.zone in self.zones or len(self.zones) < 50:
            self.zones[found.zone] += 1
            self.examples.setdefault(found.zone, found.text)

    def findings(self) -> Iterator[Finding]:
        """What was seen."""
        if not self.zones:
            return
        total = self.zones.total()
        shares = [f"{name} {percent(n, total)}" for name, n in self.zones.most_common(5)]
        texts = tuple(f"{name}: {self.examples[name]}" for name, _ in self.zones.most_common(3))
        unsaid = self.zones["none"] + self.zones["yearless"]
        numbers = dict(self.zones)
        if unsaid and unsaid < total:
            yield Finding(
                "fail", f"times with and without a zone are mixed: {', '.join(shares)}",
                "have every time say its zone: those without are taken as UTC", numbers, texts,
            )  # fmt: skip
        elif unsaid:
            yield Finding(
                "warn", "no time says its zone; all are taken as UTC",
                "have the shipper write UTC, or the offset", numbers, texts,
            )  # fmt: skip
        elif len(self.zones) > 1:
            yield Finding(
                "note", f"several zones: {', '.join(shares)}",
                "that is read rightly; people may misread it", numbers, texts,
            )  # fmt: skip
        else:
            yield Finding("ok", f"every time says its zone ({shares[0].split()[0]})")
