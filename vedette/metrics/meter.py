"""All figures of a run. Every one is declared here and listed in docs/operations.md."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from weakref import WeakKeyDictionary

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

from connectors.progress import progress
from connectors.search.prefilter import Spared
from engine.errors import Problem
from engine.ports import Checkpoint, Written
from engine.run import Pipeline
from engine.score.figures import Figures
from vedette import __version__
from vedette.metrics.hunts import HuntFigures

POLLS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""Seconds of a poll: bounds of the histogram's buckets."""

LOOK_AGAIN = 5.0
"""Seconds between two looks at the engine's caches, which take a moment."""


class Meter:
    """Counters and gauges in a registry of their own; safe to use from several threads.

    `wall` gives the present in epoch seconds, `clock` seconds to measure spans with.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)
        self.clock = clock
        self._wall = wall
        self._lock = Lock()
        self._looked: WeakKeyDictionary[object, float] = WeakKeyDictionary()
        self._base: WeakKeyDictionary[object, dict[str, float]] = WeakKeyDictionary()
        self.failing: dict[str, str] = {}
        """The sources whose latest poll failed, with why."""
        self.waiting: set[str] = set()
        """The sources that have not been polled to their end yet."""
        self._declare()

    def _declare(self) -> None:
        at = self.registry
        self.read = Counter(
            "vedette_events_read", "Events that sources gave.", ["source"], registry=at
        )
        self.sieved = Counter(
            "vedette_prefilter_documents",
            "Documents of the windows of a source with a prefilter: read, or spared.",
            ["source", "outcome"],
            registry=at,
        )
        self.sieves = Counter(
            "vedette_prefilter_windows",
            "Windows that were read with a filter, or why without one.",
            ["source", "how"],
            registry=at,
        )
        self.evaluated = Counter(
            "vedette_events_evaluated",
            "Events whose alerts are stored and whose checkpoint is.",
            registry=at,
        )
        self.matched = Counter(
            "vedette_events_matched", "Events that at least one rule matched.", registry=at
        )
        self.alerts = Counter(
            "vedette_alerts",
            "Alerts by what became of them: new, existing or dead.",
            ["outcome"],
            registry=at,
        )
        self.problems = Counter(
            "vedette_problems", "What was wrong in the input, by kind.", ["kind"], registry=at
        )
        self.failures = Counter(
            "vedette_failures", "Errors of a source, the sink or the state.", ["part"], registry=at
        )
        self.polls = Histogram(
            "vedette_poll_seconds",
            "Time of a poll: reading, evaluating and storing.",
            ["source"],
            buckets=POLLS,
            registry=at,
        )
        self.lag = Gauge(
            "vedette_source_lag_seconds",
            "How far the mark of a search source lies behind the present.",
            ["source"],
            registry=at,
        )
        self.age = Gauge(
            "vedette_checkpoint_age_seconds",
            "Time since a source's checkpoint was last stored.",
            ["source"],
            registry=at,
        )
        self.held = Counter(
            "vedette_tuned",
            "Matches and alerts that the tuning held back or changed, by how.",
            ["how"],
            registry=at,
        )
        self.windows = Counter(
            "vedette_model_windows", "Windows that a model scored.", ["model"], registry=at
        )
        self.unusual = Counter(
            "vedette_model_windows_unusual",
            "Windows that were strange to a model: told, held back for the budget, or with rules.",
            ["model", "outcome"],
            registry=at,
        )
        self.failed = Gauge(
            "vedette_model_failed", "1 where a model failed and is left out.", ["model"],
            registry=at,
        )  # fmt: skip
        self.loaded = Gauge(
            "vedette_rules_loaded", "Rules that are live.", ["pipeline"], registry=at
        )
        self.refused = Gauge(
            "vedette_rules_refused", "Rules that do not load.", ["pipeline"], registry=at
        )
        self.reloads = Counter(
            "vedette_rules_reloads",
            "Changes of rules that were taken up.",
            ["pipeline"],
            registry=at,
        )
        self.entries = Gauge(
            "vedette_engine_cache_entries", "Answers that the engine remembers.", registry=at
        )
        self.resets = Counter(
            "vedette_engine_cache_resets",
            "Times that everything remembered was forgotten, for its size.",
            registry=at,
        )
        self.misses = Counter(
            "vedette_engine_cache_misses",
            "Lines whose answer was not remembered.",
            registry=at,
        )
        self.hunts = HuntFigures(self._wall)
        at.register(self.hunts)
        Info("vedette_build", "The version that runs.", registry=at).info({"version": __version__})
        ProcessCollector(registry=at)

    def expect(self, source: str) -> None:
        """There is a source of this name: its figures start at zero."""
        self.waiting.add(source)
        self.read.labels(source)
        self.polls.labels(source)

    def problem(self, problem: Problem) -> None:
        """Count what was wrong in the input."""
        self.problems.labels(problem.kind).inc()

    def polled(self, source: str, seconds: float, error: Exception | None) -> None:
        """A poll has ended; `error` is why, where it failed."""
        self.polls.labels(source).observe(seconds)
        with self._lock:
            if error is None:
                self.failing.pop(source, None)
                self.waiting.discard(source)
            else:
                self.failing[source] = str(error)

    def spared(self, source: str, found: Spared) -> None:
        """Take down what a prefilter has come to."""
        both = {"read": found.passed, "spared": found.documents - found.passed}
        for outcome, total in both.items():
            self._more(found, outcome, self.sieved.labels(source, outcome), total)
        for how, count in {"filtered": found.filtered, **found.unfiltered}.items():
            self._more(found, how, self.sieves.labels(source, how), count)

    def wrote(self, written: Written) -> None:
        """Alerts have been stored."""
        self.alerts.labels("new").inc(written.created)
        self.alerts.labels("existing").inc(written.existing)
        self.alerts.labels("dead").inc(written.dead)

    def committed(self, source: str, checkpoint: Checkpoint | None) -> None:
        """A checkpoint has been stored."""
        stored = self._wall()
        self.age.labels(source).set_function(lambda: max(0.0, self._wall() - stored))
        mark = progress(checkpoint).mark
        if mark is not None:
            self.lag.labels(source).set_function(lambda: self._behind(mark))

    def _behind(self, mark: datetime) -> float:
        return max(0.0, self._wall() - mark.timestamp())

    def rules(self, pipeline: str, loaded: int, refused: int, *, changed: bool) -> None:
        """So many rules of a pipeline are live from now on."""
        self.loaded.labels(pipeline).set(loaded)
        self.refused.labels(pipeline).set(refused)
        self.reloads.labels(pipeline).inc(1 if changed else 0)

    def look(self, pipeline: Pipeline) -> None:
        """Take down what a pipeline has done; to be called by the thread that drives it."""
        totals = pipeline.totals
        self._grow(pipeline, {"evaluated": totals.events, "matched": totals.matched})
        if pipeline.tuner:
            for how, counter in pipeline.tuner.counts.named():
                self._more(pipeline, how, self.held.labels(how), counter.total())
        for each in pipeline.scorer.figures() if pipeline.scorer else ():
            self._scored(pipeline, each)
        now = self.clock()
        if now - self._looked.get(pipeline, -LOOK_AGAIN) < LOOK_AGAIN:
            return
        self._looked[pipeline] = now
        detector = pipeline.detector
        self.entries.set(detector.budget.entries)
        self._grow(detector, {"resets": detector.budget.resets, "misses": detector.misses()})

    def _scored(self, pipeline: Pipeline, each: Figures) -> None:
        """Take down what a model has done."""
        name = each.name
        self.failed.labels(name).set(each.failed is not None)
        self._more(pipeline, f"windows {name}", self.windows.labels(name), each.windows)
        told = {"told": each.strange - each.held, "held": each.held, "rules": each.corroborated}
        for how, total in told.items():
            self._more(pipeline, f"{how} {name}", self.unusual.labels(name, how), total)

    def _grow(self, owner: object, totals: dict[str, float]) -> None:
        """Bring counters up to their owner's totals; a new owner starts at zero."""
        for name, total in totals.items():
            self._more(owner, name, getattr(self, name), total)

    def _more(self, owner: object, name: str, counter: Counter, total: float) -> None:
        with self._lock:
            base = self._base.setdefault(owner, {})
            counter.inc(max(0.0, total - base.get(name, 0.0)))
            base[name] = total
