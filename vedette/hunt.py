"""A hunt: files of events through the rules, once, into a writer and a report."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from connectors.files import FileSource, Limits
from connectors.files.stamp import Find
from engine.alert import AlertMaker, Execution
from engine.correlate.correlator import Correlator
from engine.detect import Detector
from engine.errors import Problem, Problems
from engine.incident.gather import Gathering
from engine.kinds import LogSource
from engine.level import level_rank
from engine.ports import Alert, Written
from engine.rule import RuleSet
from engine.run import Bounds, MemoryState, Pipeline
from engine.tune.tuner import Tuner
from mitre.catalog import Catalog
from vedette.lazy_mapper import LazyMapper
from vedette.output.summary import Summary
from vedette.output.writers import Writer
from vedette.report.select import Selection as ReportSelection
from vedette.rule_techniques import RuleProposals

if TYPE_CHECKING:
    from engine.score.model import Model
    from engine.score.scorer import Scorer

REPORTED = 2000
"""Alerts that a report shows in full."""

ALERTS_A_DAY = 5.0
"""Anomalies a day that people are willing to look at, unless told otherwise."""


@dataclass(slots=True)
class WriterSink:
    """Alerts to a writer as they come, each id once; the summary counts all of them.

    Of more than `limit` alerts the rest is counted, and the summary says how many. `kept`
    gathers those that a report shows, `gathering` puts all of them into incidents.
    """

    writer: Writer
    summary: Summary
    limit: int | None = None
    kept: ReportSelection | None = None
    gathering: Gathering | None = None
    _seen: set[bytes] = field(default_factory=set)

    def prepare(self) -> None:
        """Nothing to create."""

    def write(self, alerts: Sequence[Alert]) -> Written:
        """Write those not yet written."""
        result = Written()
        for alert in alerts:
            key = bytes.fromhex(alert.id)
            if key in self._seen:
                result.existing += 1
                continue
            self._seen.add(key)
            result.created += 1
            self._show(alert)
        return result

    def _show(self, alert: Alert) -> None:
        self.summary.add(alert.document)
        if self.gathering is not None:
            self.gathering.add(alert.document)
        if self.limit is not None and self.summary.alerts_total > self.limit:
            self.summary.not_shown += 1
            return
        self.writer.alert(alert.document)
        if self.kept is not None:
            self.kept.add(alert.document)

    def close(self) -> None:
        """The writer is closed with the summary, by the hunt."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """What to search, with what, and how the answer is wanted."""

    paths: Sequence[Path | Literal["-"]]
    rules: RuleSet
    bounds: Bounds = Bounds()  # noqa: RUF009 # immutable
    tags: LogSource | None = None
    attack_version: int = 19
    namespace: str = "default"
    limit: int | None = None
    limits: Limits | None = None
    report_alerts: bool = False
    text: bool = False
    times: Find | None = None
    models: Sequence[Model] = ()
    """What scores every event beside the rules."""
    unscored: Sequence[Problem] = ()
    """Models that were asked for and are not among them."""
    state: Path | None = None
    """The state directory, with the ATT&CK descriptions that the user has given, if any."""
    alerts_a_day: float = ALERTS_A_DAY
    """The budget of anomalies that no rule supports, all models together."""
    scorer: Callable[[AlertMaker, Problems], Scorer] | None = None
    """Makes what sees every event, in the place of `models`."""


@dataclass(slots=True)
class Outcome:
    """What a hunt found: the summary, and the alerts kept for a report."""

    summary: Summary
    kept: ReportSelection | None

    def worst(self) -> int:
        """The rank of the gravest level alerted, -1 when there was no alert."""
        levels = [level for level, count in self.summary.levels.items() if count]
        return max((level_rank(level) for level in levels), default=-1)


def hunt(
    plan: Hunt,
    writer: Writer,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    watch: Callable[[int | None], Callable[[int, int, int], None]] | None = None,
) -> Outcome:
    """Run a hunt; the writer is given every alert and left open.

    `watch` is told the total of bytes (None: unknown) and gives back what is told the bytes,
    events and alerts so far after each batch. Raises `InputError` for a path that does not exist.
    """
    problems = Problems()
    summary = Summary(
        rules_loaded=len(plan.rules),
        rules_failed=len(plan.rules.refused),
        problems=problems,
        attack_version=plan.attack_version,
    )
    kept = ReportSelection(REPORTED) if plan.report_alerts else None
    mapper = LazyMapper(plan.rules.rules, plan.state, problems)
    gathering = Gathering(plan.namespace, RuleProposals(mapper))
    read = _Counter()
    execution = Execution(uuid.uuid4().hex, "hunt", plan.bounds.start, plan.bounds.end)
    maker = AlertMaker(
        Catalog.load(), execution, namespace=plan.namespace, attack_version=plan.attack_version
    )
    tuning = plan.rules.tuning
    tuner = Tuner(tuning, plan.rules.rules, maker, problems) if tuning else None
    scorer = _scorer(plan, maker, problems, mapper)
    pipeline = Pipeline(
        Detector(plan.rules.rules, problems),
        maker,
        WriterSink(writer, summary, plan.limit, kept, gathering),
        MemoryState(),
        clock,
        bounds=plan.bounds,
        correlator=Correlator.of(plan.rules, problems),
        tuner=tuner,
        scorer=scorer,
    )
    summary.tuned = tuner.counts if tuner else None

    source = FileSource(
        plan.paths,
        problems,
        limits=plan.limits,
        progress=read.add,
        look=pipeline.look(plan.tags),
        text=plan.text,
        times=plan.times,
    )
    update = watch(source.total_bytes) if watch else None

    def after(_events: int, _written: Written) -> None:
        if update:
            update(read.total, pipeline.totals.events, summary.alerts_total)

    started = time.monotonic()
    try:
        pipeline.drain(source, tags=plan.tags, after=after)
        pipeline.finish()
    finally:
        source.close()
    summary.events, summary.bytes = pipeline.totals.events, read.total
    summary.incidents = gathering.stories()
    summary.seconds = time.monotonic() - started
    summary.scored = list(scorer.figures()) if scorer else []
    _tell_what_was_left_out(pipeline, problems)
    for problem in plan.unscored:
        problems(problem)
    for error in plan.rules.refused:
        problems(Problem("rule-refused", error.message, error.file, error.line, error.field))
    return Outcome(summary, kept)


def _scorer(plan: Hunt, maker: AlertMaker, problems: Problems, mapper: LazyMapper) -> Scorer | None:
    if plan.scorer is not None:
        return plan.scorer(maker, problems)
    if not plan.models:
        return None
    from engine.score.ensemble import Ensemble  # NumPy is for those alone who have models
    from vedette.techniques import Proposals

    return Ensemble(
        plan.models,
        maker,
        problems,
        alerts_a_day=plan.alerts_a_day,
        techniques=Proposals(mapper),
    )


def check_inputs(paths: Sequence[Path | Literal["-"]]) -> None:
    """Raise `InputError` for a path that does not exist, before rules are loaded for nothing."""
    FileSource(paths, Problems()).close()


def _tell_what_was_left_out(pipeline: Pipeline, problems: Problems) -> None:
    totals = pipeline.totals
    if totals.outside:
        text = "events lie outside --from and --to, or have no time"
        problems(Problem("outside-time", text))
        problems.counts["outside-time"] = totals.outside  # one sentence stands for them all


@dataclass(slots=True)
class _Counter:
    total: int = 0

    def add(self, number: int) -> None:
        self.total += number
