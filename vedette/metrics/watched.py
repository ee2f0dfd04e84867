"""Sources, sinks and state stores that count what passes through them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import VedetteError
from engine.ports import Alert, Batch, Checkpoint, Sink, Source, StateStore, Written
from engine.rule import RuleSet
from engine.run import Pipeline
from vedette.metrics.meter import Meter
from vedette.reload import Reload
from vedette.wiring import Assembled, Parts


class _Watched:
    """What else the watched one can do, it does itself."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class WatchedSource(_Watched):
    """A source whose events, polls and failures are counted.

    After each batch is a moment to look at the pipeline, too: another thread may store it.
    """

    def __init__(self, source: Source, pipeline: Pipeline, meter: Meter) -> None:
        super().__init__(source)
        self.name = source.name
        self._source, self._pipeline, self._meter = source, pipeline, meter
        meter.expect(self.name)

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        """As the source's own; a poll that its reader ends early counts too."""
        began = self._meter.clock()
        failure: VedetteError | None = None
        try:
            for batch in self._source.poll(checkpoint):
                self._meter.read.labels(self.name).inc(len(batch.records))
                yield batch
                self._meter.look(self._pipeline)
        except VedetteError as error:
            failure = error
            self._meter.failures.labels("source").inc()
            raise
        finally:
            if prefilter := getattr(self._source, "prefilter", None):
                self._meter.spared(self.name, prefilter.spared)
            self._meter.polled(self.name, self._meter.clock() - began, failure)

    def close(self) -> None:
        """Close the source."""
        self._source.close()


class WatchedSink(_Watched):
    """A sink whose alerts are counted."""

    def __init__(self, sink: Sink, meter: Meter) -> None:
        super().__init__(sink)
        self._sink, self._meter = sink, meter

    def prepare(self) -> None:
        """As the sink's own."""
        self._sink.prepare()

    def write(self, alerts: Sequence[Alert]) -> Written:
        """As the sink's own."""
        try:
            written = self._sink.write(alerts)
        except VedetteError:
            self._meter.failures.labels("sink").inc()
            raise
        self._meter.wrote(written)
        return written

    def close(self) -> None:
        """Close the sink."""
        self._sink.close()


class WatchedState(_Watched):
    """A state store of one pipeline whose commits and failures are counted."""

    def __init__(self, state: StateStore, pipeline: Pipeline, meter: Meter) -> None:
        super().__init__(state)
        self._state, self._pipeline, self._meter = state, pipeline, meter

    def load(self, name: str) -> Checkpoint | None:
        """As the store's own."""
        try:
            found = self._state.load(name)
        except VedetteError:
            self._meter.failures.labels("state").inc()
            raise
        self._meter.look(self._pipeline)  # at the beginning of each poll
        return found

    def occurrences(self, name: str, hashes: Iterable[str]) -> dict[str, int]:
        """As the store's own."""
        return self._state.occurrences(name, hashes)

    def commit(
        self, name: str, checkpoint: Checkpoint | None, occurrences: Mapping[str, int]
    ) -> None:
        """As the store's own."""
        try:
            self._state.commit(name, checkpoint, occurrences)
        except VedetteError:
            self._meter.failures.labels("state").inc()
            raise
        self._meter.committed(name, checkpoint)

    def close(self) -> None:
        """Close the store."""
        self._state.close()


def watched(parts: Assembled, meter: Meter) -> Assembled:
    """The parts of a run with the sources, sink, state and rules of each pipeline watched, and its
    hunts as they are whenever figures are asked for.
    """
    meter.hunts.units = lambda: parts.hunts
    return replace(parts, lines=tuple(_line(line, meter) for line in parts.lines))


def _line(line: Parts, meter: Meter) -> Parts:
    watch(line.name, line.pipeline, line.rules, line.changes, meter)
    feeds = (
        replace(feed, source=WatchedSource(feed.source, line.pipeline, meter))
        for feed in line.feeds
    )
    return replace(line, feeds=tuple(feeds))


def watch(name: str, pipeline: Pipeline, rules: RuleSet, changes: Reload, meter: Meter) -> None:
    """Watch one pipeline: its sink, its state, and its rules now and when they change."""
    pipeline.sink = WatchedSink(pipeline.sink, meter)
    pipeline.state = WatchedState(pipeline.state, pipeline, meter)
    meter.rules(name, len(rules), len(rules.refused), changed=False)

    def heard(changed: RuleSet, adopted: bool) -> None:
        loaded = len(pipeline.detector.rules)
        meter.rules(name, loaded, len(changed.refused), changed=adopted)

    changes.heard = heard
