"""One run of a hunt over a span of time: findings, as alerts, in a fixed order and number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.alert import AlertMaker
from engine.correlate.finding import Capped
from engine.errors import Report
from engine.hunt.document import alert
from engine.hunt.model import Hunt, Span
from engine.hunt.reader import Reader
from engine.hunt.row import Finding
from engine.hunt.rows import Rows
from engine.hunt.tuned import Chosen, Tuned
from engine.hunt.type import Memory, Run
from engine.ports import Alert


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found; `memory` is to be kept once the alerts are stored."""

    findings: tuple[Finding, ...]
    memory: Memory
    read: int
    """Events that were read one by one; what only was counted is not among them."""
    tuned: Tuned | None = None
    """What its findings were asked of."""

    def alerts(self, maker: AlertMaker, hunt: Hunt, now: datetime) -> list[Alert]:
        """Its alerts, written at `now`, each id once."""
        made: dict[str, Alert] = {}
        for finding in self.findings:
            each = alert(maker, hunt, finding, now)
            if self.tuned and each.id not in made:
                self.tuned.adjust(each, hunt, finding)
            made.setdefault(each.id, each)
        return list(made.values())


def run(
    hunt: Hunt,
    window: Span,
    reader: Reader,
    memory: Memory,
    report: Report,
    *,
    lookback: int = 0,
    tuned: Tuned | None = None,
) -> Outcome:
    """Look for what a hunt finds in a window and so many microseconds before it.

    What is found is asked of the tuning. `memory` itself stays as it is. Raises `SourceError`
    when an answer is not whole. The same events and memory give the same findings, however often
    it is run.
    """
    kept = dict(memory)
    span = window.before(lookback)
    rows = Rows(hunt, reader, report)
    asked = Run(hunt, span, window, reader, kept, rows, report)
    if tuned:
        asked.counted = tuned.counted
    found = list(hunt.type.findings(asked))
    found.sort(key=lambda finding: (finding.time, finding.capped is not None, str(finding.anchor)))
    most = hunt.alerts.most
    chosen = tuned.choose(hunt, found, most) if tuned else Chosen(found[:most], len(found))
    bounded = _bounded(hunt, span, chosen, found)
    return Outcome(tuple(bounded), kept, rows.read, tuned)


def _bounded(hunt: Hunt, span: Span, chosen: Chosen, found: Sequence[Finding]) -> list[Finding]:
    """The first alerts of a run, and one that says how many there were in truth."""
    kept, most = list(chosen.findings), hunt.alerts.most
    if chosen.total <= len(kept):
        return kept
    kept.append(
        Finding(
            anchor=("capped", span.start, span.end),
            time=found[-1].time,
            since=found[0].time,
            reason=f"Not all of it was told: {chosen.total:,} findings, of which the first "
            f"{most:,} became alerts",
            total=chosen.total,
            capped=Capped("alerts of one run", most, chosen.total),
        )
    )
    return kept
