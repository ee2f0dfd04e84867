"""The figures of a report: alerts of a span of time, verdicts on them, and what never came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.feedback.tally import Count, Tally
from engine.feedback.verdict import Verdict
from engine.incident.gather import Story
from engine.moment import iso
from engine.ports import Document
from engine.rule import Rule
from engine.tune.action import projected
from models.calibrate.binomial import interval
from vedette.output import fields
from vedette.output.levels import LEVELS, rank
from vedette.output.summary import Summary

MOST_DAYS = 400
"""Days that are counted apart; what lies beyond is counted in the whole alone."""
DRIFT, CAPPED, ANOMALY = "drift", "capped", "anomaly"
TOP = 10
"""Rules, hosts and techniques that are named."""
NAMED = 40
"""Rules that never fired which are named."""


@dataclass(frozen=True, slots=True)
class Noise:
    """A rule or model that makes many alerts; `share` is of all alerts in the time."""

    title: str
    level: str
    count: int
    share: float
    hosts: str
    judged: Count
    sure: float | None


@dataclass(frozen=True, slots=True)
class Precision:
    """How often a rule or model was right, with the exact 95 % interval of the share."""

    name: str
    count: Count
    share: float
    low: float
    high: float


@dataclass(slots=True)
class Figures:
    """All that a report says. `before` are the alerts of as long a time before, None if unknown."""

    since: datetime
    until: datetime
    place: str
    summary: Summary = field(default_factory=Summary)
    before: int | None = None
    days: dict[str, Counter[str]] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    drift: list[tuple[str, str]] = field(default_factory=list)
    """(when, what) of each finding of drift."""
    cut: list[str] = field(default_factory=list)
    """What alerts say was cut, in words."""
    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How much was held back, by kind and rule."""
    verdicts: Counter[str] = field(default_factory=Counter)
    """Verdicts given in the time."""
    tally: Tally = field(default_factory=Tally)
    """All verdicts there are."""
    rules: Sequence[Rule] = ()
    gaps: Mapping[str, int] = field(default_factory=dict)
    incidents: Sequence[Story] = ()
    """Those to which an alert came in the time or later, the one that matters most first."""

    def add(self, document: Document) -> None:
        """Count an alert."""
        kind = fields.text(document, "vedette.alert.kind") or "sigma"
        self.kinds[kind] += 1
        if kind == CAPPED:
            self.cut = [*self.cut, fields.text(document, "event.reason")][-TOP:]
            return
        self.summary.add(document)
        day = fields.text(document, "@timestamp")[:10]
        if day in self.days or len(self.days) < MOST_DAYS:
            self.days.setdefault(day, Counter())[fields.level(document)] += 1
        if kind == ANOMALY:
            self.models[fields.text(document, "vedette.alert.model.id")] += 1
        if kind == DRIFT:
            when = fields.stamp(fields.parse_time(fields.get(document, "@timestamp")))
            self.drift = [*self.drift, (when, fields.text(document, "event.reason"))][-TOP:]

    def hold(self, actions: Iterable[Mapping[str, Any]]) -> None:
        """Count what was held back, by the actions of the time."""
        for each in projected(actions):
            name = fields.text(each, "rule.name") or "?"
            self.held[str(each.get("kind")), name] += int(each["count"])

    def judge(self, verdicts: Sequence[Verdict]) -> None:
        """Count verdicts: all of them for precision, those of the time on their own."""
        self.tally = Tally.of(verdicts)
        first, last = _day(self.since), _day(self.until)
        self.verdicts = Counter(v.verdict for v in verdicts if first <= v.time < last)

    @property
    def total(self) -> int:
        """All alerts but those that only say what was cut."""
        return self.summary.alerts_total

    @property
    def per_day(self) -> list[tuple[str, Counter[str]]]:
        """Every day of the time with its alerts by level, days without any too."""
        known = dict(self.days)
        day = self.since
        days: list[str] = []
        while day < self.until and len(days) < MOST_DAYS:
            days.append(_day(day)[:10])
            day += timedelta(days=1)
        return [(name, known.get(name, Counter())) for name in sorted({*days, *known})]

    @property
    def noisy(self) -> list[Noise]:
        """The rules and models with the most alerts."""
        groups = sorted(self.summary.by_key.values(), key=lambda g: (-g.count, g.title))
        return [
            Noise(
                group.title, group.level, group.count, group.count / max(1, self.total),
                str(group.hosts), count := self._judged(group.rule_id),
                count.true / count.all if count.all else None,
            )
            for group in groups[:TOP]
        ]  # fmt: skip

    def _judged(self, rule: str) -> Count:
        """The verdicts on a rule; those on a model are kept by its name, whatever its version."""
        return self.tally.by.get(rule) or self.tally.by.get(rule.rpartition("@")[0]) or Count()

    @property
    def techniques(self) -> list[tuple[str, str, int]]:
        """(id, name, alerts) of the techniques with the most alerts, a technique counted once."""
        found: dict[str, tuple[str, int]] = {}
        for cells in self.summary.cells.values():
            for id, cell in cells.items():
                found[id] = (cell.name, max(cell.count, found.get(id, ("", 0))[1]))
        ranked = sorted(found.items(), key=lambda item: (-item[1][1], item[0]))
        return [(id, name, count) for id, (name, count) in ranked[:TOP]]

    @property
    def told(self) -> list[Rule]:
        """The rules that make alerts of their own; some only feed correlations."""
        return [rule for rule in self.rules if rule.output]

    @property
    def silent(self) -> list[Rule]:
        """The rules that made no alert in the time, the gravest first."""
        fired = {group.rule_id for group in self.summary.by_key.values()}
        left = [rule for rule in self.told if rule.id not in fired]
        return sorted(left, key=lambda rule: (rank(rule.level), rule.title))

    @property
    def silent_levels(self) -> list[tuple[str, int, int]]:
        """(level, silent rules, all rules), the gravest first."""
        silent = Counter(rule.level for rule in self.silent)
        every = Counter(rule.level for rule in self.told)
        return [(level, silent[level], every[level]) for level in LEVELS if every[level]]

    @property
    def precision(self) -> list[Precision]:
        """Rules and models that were judged, those with the most verdicts first."""
        found = [
            Precision(self.tally.names[id], count, count.true / count.all,
                      *interval(count.true, count.all))
            for id, count in self.tally.by.items() if count.all
        ]  # fmt: skip
        return sorted(found, key=lambda each: (-each.count.all, each.name))


def _day(time: datetime) -> str:
    return iso(time)


def precision_of(found: Sequence[Precision]) -> Precision | None:
    """All judged alerts together; None where nobody judged any."""
    true = sum(each.count.true for each in found)
    false = sum(each.count.false for each in found)
    benign = sum(each.count.benign for each in found)
    count = Count(true, false, benign)
    if not count.all:
        return None
    return Precision("all", count, true / count.all, *interval(true, count.all))
