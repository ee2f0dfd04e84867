"""The tuning of what a hunt finds: each alert is decided once, however often it is found again.

A run looks behind its window for late events, and finds there what runs before it have found. So
what was decided of an alert is remembered for as long as it may be found again: it is neither
counted twice nor held back by itself, and one that was held back stays so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.alert import AlertMaker
from engine.correlate.value import moment
from engine.detect import Match
from engine.errors import Problem, Report
from engine.event import Event
from engine.hunt.document import identity
from engine.hunt.model import Hunt
from engine.hunt.row import Finding, Row
from engine.moment import iso
from engine.ports import Action, Alert, Record
from engine.tune.condition import LABELS
from engine.tune.tuner import Tuner, correlated

MOST = 10_000
"""Decisions of one hunt that are remembered; beyond that the oldest are made again."""

HELD, PASSED, EXCEPTED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """The findings that become alerts, and how many would have without a limit."""

    findings: list[Finding]
    total: int


class Tuned:
    """One run's view of the tuning; `saved` is what the run before it left.

    The source that actions name is the hunt's, `source`.
    """

    def __init__(
        self,
        tuner: Tuner,
        source: str,
        maker: AlertMaker,
        now: datetime,
        report: Report,
        saved: Mapping[str, Any] | None = None,
    ) -> None:
        self._tuner, self._source, self._maker = tuner, source, maker
        self._now, self._report = now, report
        known = saved or {}
        tuner.restore(source, known.get("books"))
        self._decided: dict[str, tuple[int, int]] = {
            id: (time, what) for id, time, what in known.get("decided", ())
        }

    def counted(self, row: Row, matches: Sequence[Match]) -> list[Match]:
        """The matches of Sigma's rules in an event that are not excepted."""
        return [m for m in matches if self._kept(m, self._maker.id_of(m, row.id), row.time)]

    def choose(self, hunt: Hunt, findings: Iterable[Finding], most: int) -> Chosen:
        """Decide findings, in the order of time, until `most` of them pass.

        The others are only counted: what is cut must not stand for others. Exceptions of
        matches were asked before. That a limit has cut something is always told.
        """
        chosen, total = [], 0
        for finding in findings:
            match = match_of(hunt, finding)
            if match is None:
                chosen.append(finding)
                total += 1
                continue
            id = identity(self._maker, hunt, finding)
            if finding.match is None and not self._kept(match, id, finding.time):
                continue
            if len(chosen) >= most:
                total += 1
            elif self._passes(match, id, finding.time):
                chosen.append(finding)
                total += 1
        return Chosen(chosen, total)

    def adjust(self, alert: Alert, hunt: Hunt, finding: Finding) -> None:
        """Apply the overrides that hold to an alert."""
        match = match_of(hunt, finding)
        if match is not None:
            self._tuner.adjust(alert, match)

    def closing(self, end: int) -> list[Alert]:
        """Alerts that tell the true totals of capped periods that were over by `end`."""
        return self._tuner.closing(self._now, self._source, end=end)

    def actions(self) -> list[Action]:
        """What was held back, to be told."""
        return self._tuner.actions(self._source, self._now)

    def save(self, since: int) -> dict[str, Any]:
        """What the next run needs, as JSON values; nothing before `since` will be found again."""
        kept = [(id, *made) for id, made in self._decided.items() if made[0] >= since]
        if len(kept) > MOST:
            kept = sorted(kept, key=lambda each: each[1])[-MOST:]
            text = f"more than {MOST:,} decisions are to be remembered; the oldest are made again"
            self._report(Problem("tuning-capped", f"{self._source}: {text}"))
        decided = [list(each) for each in kept]
        return {"books": self._tuner.save(self._source), "decided": decided}

    def _kept(self, match: Match, id: str, time: int) -> bool:
        """Whether no exception holds a match back; it is counted the first time."""
        known = self._decided.get(id)
        if known is not None:
            return known[1] != EXCEPTED
        if self._tuner.counted(self._source, [match], self._now):
            return True
        self._decided[id] = time, EXCEPTED
        return False

    def _passes(self, match: Match, id: str, time: int) -> bool:
        known = self._decided.get(id)
        if known is not None:
            return known[1] == PASSED
        passes = self._tuner.passes(self._source, match, id, self._now)
        self._decided[id] = time, PASSED if passes else HELD
        return passes


def match_of(hunt: Hunt, finding: Finding) -> Match | None:
    """What the tuning is asked about; None for a finding that tells of a limit.

    A match of Sigma's is asked about as elsewhere, and so is what a correlation found. Any other
    finding has the fields of its group and, where one event or row alone stands behind it, the
    fields of that.
    """
    if finding.match is not None:
        return finding.match
    if finding.found is not None:
        return None if finding.found.capped else correlated(finding.found)
    if finding.capped:
        return None
    names = hunt.group_by if finding.names is None else finding.names
    group = {
        name: value for name, value in zip(names, finding.group, strict=False) if value is not None
    }
    alone = finding.rows[0].event if finding.total == len(finding.rows) == 1 else None
    time = iso(moment(finding.time))
    if alone is not None:
        event = Event(alone.record, {"@timestamp": time, **alone.fields, **group})
    else:
        event = Event(Record({}, ""), {**finding.fields, **group, "@timestamp": time})
    return Match(hunt.rule, event, LABELS, ())
