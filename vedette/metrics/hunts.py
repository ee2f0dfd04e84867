"""The figures of scheduled hunts, taken down when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.hunt.model import Hunt

LABELS = ("hunt", "id")


class Hunting(Protocol):
    """What is asked of a scheduled hunt: `vedette.hunting.HuntUnit`, or a test's."""

    windows: int
    failures: int
    error: str

    @property
    def hunt(self) -> Hunt:
        """The hunt as it is now."""
        ...

    @property
    def until(self) -> datetime | None:
        """The end of its last window; None while this instance does not work on it."""
        ...


class HuntFigures(Collector):
    """Asks `units` how far each hunt is; `wall` gives the present in epoch seconds."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self.units: Callable[[], Iterable[Hunting]] = tuple
        self._wall = wall

    def failing(self) -> list[tuple[str, str]]:
        """The title of each hunt whose latest run came to no end, and why."""
        told = ((unit.hunt.rule.title, unit.error) for unit in self.units())
        return sorted((title, error) for title, error in told if error)

    def collect(self) -> Iterator[Metric]:
        """One sample of each figure for each hunt."""
        done = CounterMetricFamily(
            "vedette_hunt_windows", "Windows of a hunt that were searched to their end.",
            labels=LABELS,
        )  # fmt: skip
        failed = CounterMetricFamily(
            "vedette_hunt_failures", "Times that a hunt failed; its window is searched again.",
            labels=LABELS,
        )  # fmt: skip
        lag = GaugeMetricFamily(
            "vedette_hunt_lag_seconds",
            "How far the end of a hunt's last window lies behind the present.",
            labels=LABELS,
        )
        for unit in self.units():
            labels = (unit.hunt.rule.title, unit.hunt.rule.id)
            done.add_metric(labels, unit.windows)
            failed.add_metric(labels, unit.failures)
            until = unit.until
            if until is not None:
                lag.add_metric(labels, max(0.0, self._wall() - until.timestamp()))
        yield from (done, failed, lag)
