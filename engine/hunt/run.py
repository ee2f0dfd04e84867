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
from engine.hunt.type import Memory, Run
from engine.ports import Alert


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found; `memory` is to be kept once the alerts are stored."""

    findings: tuple[Finding, ...]
    memory: Memory
    read: int
    """Events that were read one by one; what only was counted is not among them."""

    def alerts(self, maker: AlertMaker, hunt: Hunt, now: datetime) -> list[Alert]:
        """Its alerts, written at `now`, each id once."""
        made = [alert(maker, hunt, finding, now) for finding in self.findings]
        return list({each.id: each for each in made}.values())


def run(
    hunt: Hunt,
    window: Span,
    reader: Reader,
    memory: Memory,
    report: Report,
    *,
    lookback: int = 0,
) -> Outcome:
    """Look for what a hunt finds in a window and so many microseconds before it.

    `memory` itself stays as it is. Raises `SourceError` when an answer is not whole. The same
    events and memory give the same findings, however often it is run.
    """
    kept = dict(memory)
    span = window.before(lookback)
    rows = Rows(hunt, reader, report)
    found = list(hunt.type.findings(Run(hunt, span, window, reader, kept, rows, report)))
    found.sort(key=lambda finding: (finding.time, finding.capped is not None, str(finding.anchor)))
    return Outcome(tuple(_bounded(hunt, span, found)), kept, rows.read)


def _bounded(hunt: Hunt, span: Span, found: Sequence[Finding]) -> list[Finding]:
    """The first alerts of a run, and one that says how many there were in truth."""
    most = hunt.alerts.most
    if len(found) <= most:
        return list(found)
    kept = list(found[:most])
    kept.append(
        Finding(
            anchor=("capped", span.start, span.end),
            time=found[-1].time,
            since=found[0].time,
            reason=f"Not all of it was told: {len(found):,} findings, of which the first {most:,} "
            "became alerts",
            total=len(found),
            capped=Capped("alerts of one run", most, len(found)),
        )
    )
    return kept
