"""All models of a pipeline over one stream of events: a `Scorer`.

A model that fails is told as a problem and left out; rules and other models go on. In a run,
windows are answered when the watermark has passed their ends; in a hunt at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from engine.alert import AlertMaker
from engine.correlate.tally import Tally
from engine.correlate.value import micros
from engine.correlate.watermark import NEVER, Watermark
from engine.detect import Match
from engine.errors import Problem, Report
from engine.event import Event
from engine.kinds import LogSource
from engine.ports import Alert, Record
from engine.rule import Rule
from engine.score import document, drift
from engine.score.anomaly import Anomaly, Proposed, Proposes
from engine.score.company import Neighbours
from engine.score.figures import Figures
from engine.score.limits import HUNT, Limits
from engine.score.model import Model
from engine.score.observe import observation
from engine.score.quick import Observer
from engine.score.scorer import Placed
from engine.score.threshold import Moved
from engine.score.track import Track

VERSION = 1
"""Of the saved state."""
SECOND = 1_000_000
"""Microseconds."""
END = float("inf")


class Ensemble:
    """Models that score what a pipeline reads; the budget is shared out evenly among them.

    Without `lateness`, as in a hunt, everything waits for `finish`. `moved` moves thresholds,
    `techniques` proposes what an anomaly is in ATT&CK.
    """

    def __init__(
        self,
        models: Sequence[Model],
        maker: AlertMaker,
        report: Report,
        *,
        alerts_a_day: float,
        lateness: timedelta | None = None,
        limits: Limits | None = None,
        moved: Moved | None = None,
        techniques: Proposes | None = None,
    ) -> None:
        self.models = tuple(models)
        self.alerts_a_day = alerts_a_day
        self._maker, self._report = maker, report
        self._tally = Tally(report)
        self._lateness = lateness
        self._limits = limits or (HUNT if lateness is None else Limits())
        self._moved, self._techniques = moved, techniques
        self._observer = Observer()
        self.failed: dict[str, str] = {}
        """Models that are left out, by name, and why."""
        self.future = 0
        self.reset()

    @property
    def lasting(self) -> bool:
        """Whether it has state to be kept."""
        return self._lateness is not None

    def reset(self) -> None:
        """Begin anew, as if nothing had come."""
        self.changed = False
        micro = timedelta(microseconds=1)
        self._watermark = Watermark(self._lateness // micro) if self._lateness else None
        self._latest: int | None = None
        self._brought = False
        self._heard: int | None = None
        """When any source has last brought something; None before that."""
        self._neighbours = Neighbours()
        share = self.alerts_a_day / max(len(self.models), 1)
        self._all = [
            Track.of(
                model, share, self._limits, self._tally.note, self._moved,
                whole_days=self._lateness is None,
            )
            for model in self.models
        ]  # fmt: skip
        self.tracks = [track for track in self._all if track.model.name not in self.failed]

    def see(
        self,
        record: Record,
        event: Callable[[], Event],
        now: datetime,
        tags: LogSource | None = None,
    ) -> Placed | None:
        """Take one event in."""
        self._brought = True
        seen = self._observer.see(record, event, tags)
        if seen is None:
            self._tally.note("no-time", "events without a time are not scored by models")
            return None
        if self._watermark is not None and not self._timely(seen.time, now):
            return None
        taken = False
        for track in self.tracks:
            try:
                taken = track.see(seen, record, event) or taken
            except Exception as error:  # noqa: BLE001 # whatever it is, rules must go on
                self._fail(track, error)
        self.changed = True
        if not taken:
            self._tally.note("late-event", "events came too late to be scored by models")
        return Placed(seen.entity, seen.time) if taken else None

    def _timely(self, time: float, now: datetime) -> bool:
        """Whether an event is not of the future; how far its source has come is remembered."""
        assert self._watermark is not None
        at, clock = int(time * SECOND), micros(now)
        if at > clock + self._watermark.lateness:
            self.future += 1
            self._tally.note("future-time", "events of the future are not scored by models")
            return False
        at = min(at, clock)
        if self._latest is None or at > self._latest:
            self._latest = at
        return True

    def matched(
        self, placed: Placed, record: Record, identity: str, matches: Sequence[Match]
    ) -> None:
        """Rules matched an event that was seen; those that only feed correlations say nothing."""
        rules = [match.rule for match in matches if match.rule.output]
        if not rules:
            return
        if self._techniques:
            self._neighbours.add(placed.entity, placed.time, rules)
        for track in self.tracks:
            entity = track.entity(placed.entity, matches[0].event)
            track.matched(entity, placed.time, record, identity, rules)

    def together(self, events: Iterable[Event], rule: Rule) -> None:
        """A correlation came true: it vouches for the windows of its events, once for each."""
        if not rule.output:
            return
        told: set[int] = set()
        for event in events:
            if (seen := observation(event)) is None:
                continue
            if self._techniques:
                self._neighbours.add(seen.entity, seen.time, [rule])
            for track in self.tracks:
                window = track.windows.at(track.entity(seen.entity, event), seen.time)
                if window is not None and id(window) not in told:
                    told.add(id(window))
                    window.hit([rule])

    def watch(self, names: Iterable[str], now: datetime) -> None:
        """These sources will be read."""
        if self._watermark:
            self._heard = micros(now)
            self._watermark.watch(names, micros(now))

    def advance(self, source: str | None, now: datetime) -> list[Alert]:
        """The alerts of all windows that are over by now."""
        return self._until(self._certain(source, now), now)

    def _certain(self, source: str | None, now: datetime) -> float:
        """The time before which no event is expected any more."""
        if self._watermark is None:
            return -END
        clock = micros(now)
        if source is not None and self._brought:
            self._watermark.saw(source, self._latest, clock)
            self._latest, self._brought, self._heard = None, False, clock
        value = self._watermark.moved(clock)
        if self._heard is not None and clock - self._heard >= self._watermark.lateness:
            value = max(value, clock - self._watermark.lateness)  # so long nothing came at all
        return value / SECOND if value > NEVER else -END

    def finish(self, now: datetime) -> list[Alert]:
        """The alerts of all windows."""
        alerts = self._until(END, now)
        self._tally.finish()
        return alerts

    def _until(self, before: float, now: datetime) -> list[Alert]:
        alerts: list[Alert] = []
        for track in list(self.tracks):
            try:
                anomalies = track.advance(before)
                alerts += [self._alert(anomaly, now) for anomaly in anomalies]
                over = track.over(settled := track.settled(before))
                parted = track.watch.over(settled)
            except Exception as error:  # noqa: BLE001 # whatever it is, rules must go on
                self._fail(track, error)
                continue
            most = track.threshold.most
            alerts += [
                document.capped(self._maker, track.model, start, day, most, now)
                for start, day in over
            ]
            alerts += [drift.alert(self._maker, track.model, each, now) for each in parted]
            self.changed = self.changed or bool(anomalies or over or parted)
        if self._watermark is not None and -END < before < END:
            self._neighbours.forget(min((t.settled(before) for t in self.tracks), default=before))
        return alerts

    def _alert(self, anomaly: Anomaly, now: datetime) -> Alert:
        tagged = any(hit.tags for hit in anomaly.corroborating)  # rules know better
        proposed = Proposed()
        if self._techniques and not tagged:
            near = self._neighbours.of(anomaly.entity, anomaly.start, anomaly.end)
            anomaly = replace(anomaly, neighbours=near)
            proposed = self._techniques(anomaly)
        return document.alert(self._maker, anomaly, proposed, now)

    def _fail(self, track: Track, error: Exception) -> None:
        """Go on without a model, and say so."""
        name = track.model.name
        text = f"the model {name} fails and is left out: {type(error).__name__}: {error}"
        self.failed[name] = text
        self.tracks = [each for each in self.tracks if each is not track]
        self._report(Problem("model-failed", text))

    def figures(self) -> list[Figures]:
        """What each model has done so far, those that failed too."""
        return [Figures.of(track, self.failed.get(track.model.name)) for track in self._all]

    def save(self) -> dict[str, Any]:
        """The whole state as JSON values; `changed` is false after it."""
        self.changed = False
        return {
            "version": VERSION,
            "watermark": self._watermark.value if self._watermark else NEVER,
            "latest": self._watermark.save() if self._watermark else {},
            "models": {track.model.name: track.save() for track in self.tracks},
            "neighbours": self._neighbours.save(),
        }

    def restore(self, saved: Mapping[str, Any], now: datetime) -> None:
        """Go on from a saved state; a model that was fitted anew begins afresh."""
        if saved.get("version") != VERSION:
            self._report(Problem("model-fresh", "the state of models is of another version"))
            return
        if self._watermark:
            self._watermark.restore(saved["watermark"], saved["latest"], micros(now))
        self._neighbours.restore(saved.get("neighbours", ()))  # a state of before has none
        for track in self.tracks:
            state = saved["models"].get(track.model.name)
            if state is None:
                continue
            if state["sha256"] == track.model.sha256:
                track.restore(state)
            else:
                text = f"the model {track.model.name} was fitted anew; its open windows are left"
                self._report(Problem("model-fresh", text))
