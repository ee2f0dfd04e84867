"""One model at work: its open windows, its threshold, and what it finds strange."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from engine.event import Event
from engine.ports import Record
from engine.rule import Rule
from engine.score import drift
from engine.score.anomaly import Anomaly
from engine.score.edges import edges
from engine.score.limits import Limits
from engine.score.memory import KINDS_KEPT
from engine.score.model import Model
from engine.score.observe import entity_by, looked_at
from engine.score.opened import opened
from engine.score.overlap import Overlaps
from engine.score.quick import Seen
from engine.score.signals import signals
from engine.score.threshold import MILD, Counts, Day, Moved, Threshold
from engine.score.window import MATCHED, Open, Sample
from engine.score.windows import Told
from models.base import UNKNOWN
from models.bundle.bundle import DAY, Scored
from models.bundle.observation import Observation
from models.feature.past import Past
from models.feature.windows import Window

REASONS = 6
"""Reasons that an alert gives at most, the first three those that matter."""


class Track:
    """What one model has seen and not answered yet.

    `whole_days`: windows are charged to the budget a day at a time, the strangest first; else as
    they end, of those that end together the strangest first.
    """

    def __init__(
        self,
        model: Model,
        threshold: Threshold,
        limits: Limits,
        told: Told,
        *,
        whole_days: bool = False,
    ) -> None:
        self.model, self.threshold = model, threshold
        self.watch = drift.Watch(model)
        self.counts = Counts()
        self._whole_days = whole_days
        self.windows = opened(model.bundle.plan, limits, told)
        self._templates = model.bundle.templates
        self._plain = model.privacy is None and self._templates.usual
        """Whether what is told of events of one kind is the same to this model."""
        self._edges = model.bundle.plan.edges
        self._signals = model.bundle.plan.signals
        self._by = model.bundle.plan.by
        self._past = Past() if model.bundle.plan.volumes else None
        plan = model.bundle.plan
        self._overlaps = None if plan.step is None else Overlaps(plan.width)
        self._numbers: dict[int | None, int] = {}

    @classmethod
    def of(
        cls, model: Model, alerts_a_day: float, limits: Limits, told: Told, moved: Moved | None,
        *, whole_days: bool,
    ) -> Track:  # fmt: skip
        """A track that begins."""
        threshold = Threshold(model, alerts_a_day, moved, limits.common)
        return cls(model, threshold, limits, told, whole_days=whole_days)

    def see(self, seen: Seen, record: Record, event: Callable[[], Event]) -> bool:
        """Take one event in; False where its window is over."""
        windows = self.windows
        if not self._plain:
            # What is hidden in an event differs from one to the next of its kind; and a model may
            # tell kinds by other fields.
            seen = seen._replace(fields=looked_at(event(), self.model.privacy), kind=None)
        if self._by:
            seen = seen._replace(entity=self.entity(seen.entity, event()))
        self.counts.events += 1
        window = windows.take(seen.entity, seen.time)
        if window is None:
            self.counts.late += 1
            return False
        number = self._numbers.get(seen.kind)
        if number is None:
            number = self._number(seen)
        if windows.add(window, seen.time, number):
            new = seen.fields if number == UNKNOWN else None
            windows.sample(window, seen.time, number, record, new)
        if self._signals and not window.over:
            window.note(signals(event(), self._signals, self.model.privacy))
        if self._edges:
            windows.link(window, edges(event(), self.model.privacy))
        return True

    def entity(self, usual: str, event: Event) -> str:
        """Whose windows an event goes into, which is the `usual` one for most models."""
        return entity_by(event, self._by, usual) if self._by else usual

    def _number(self, seen: Seen) -> int:
        """The number of the event's template, remembered for kinds."""
        number = self._templates.match(seen.fields)
        if seen.kind is not None:
            if len(self._numbers) >= KINDS_KEPT:
                self._numbers.clear()
            self._numbers[seen.kind] = number
        return number

    def matched(
        self, entity: str, time: float, record: Record, identity: str, rules: Sequence[Rule]
    ) -> None:
        """Rules matched an event that was seen."""
        window = self.windows.at(entity, time)
        if window is None:
            return
        fresh = any(rule.id not in window.hits for rule in rules)
        window.hit(rules)
        if fresh:
            self.windows.keep(window, Sample.of(MATCHED, UNKNOWN, time, record, identity))

    def advance(self, before: float) -> list[Anomaly]:
        """What is strange among the windows that are over by then.

        Raises what a broken model raises.
        """
        found = self._judged(self.windows.due(before)) + self._judged(self.windows.relieve())
        if self._overlaps is not None:
            self._overlaps.forget(self.settled(self.windows.closed))
        return found

    def settled(self, before: float) -> float:
        """Windows that began before that are all answered, when it came as far as `before`."""
        return self.windows.settled(before)

    def over(self, before: float) -> list[tuple[datetime, Day]]:
        """Days of which all is answered by then, and that had more anomalies than were told."""
        return [(start, day) for start, day in self.threshold.over(before) if day.held]

    def _judged(self, windows: Sequence[Open]) -> list[Anomaly]:
        if not windows:
            return []
        self.counts.windows += len(windows)
        featured = bool(self.model.bundle.plan.features)
        closed = [_closed(window, self.windows.end(window), featured) for window in windows]
        if self._past is not None:
            closed = self._past.added(closed)
        # above its own p nothing comes of a window, and costly detectors need not be asked
        drawn = self.watch.drawn((window.entity, window.start) for window in windows)
        scored = self.model.bundle.score_windows(
            closed,
            [1.0 if (each.entity, each.start) in drawn else self._most(each) for each in windows],
        )
        turns = [self._turn(window) for window in windows]
        order = sorted(
            zip(turns, windows, scored, strict=True),
            key=lambda each: (each[0], each[2].log_p, each[1].start),
        )
        for window, answer in zip(windows, scored, strict=True):
            self.counts.day(window.start)
            self.watch.add(answer)
        asked = (self._asked(window, answer) for _, window, answer in order)
        found = [each for each in asked if each]
        return sorted(found, key=lambda anomaly: (anomaly.start, anomaly.entity))

    def _turn(self, window: Open) -> float:
        """Windows are charged to the budget by this, of those alike the strangest first."""
        return window.start // DAY if self._whole_days else self.windows.turn(window)

    def _most(self, window: Open) -> float:
        """The p that the window must fall to."""
        threshold = self.threshold.of(window.entity)
        return max(threshold, MILD) if window.hits else threshold

    def _asked(self, window: Open, scored: Scored) -> Anomaly | None:
        """The anomaly, where the window is one that is to be told."""
        threshold = self.threshold.of(window.entity)
        strange = scored.p <= threshold
        if not strange and (scored.p > MILD or not window.hits):
            return None
        if self._overlaps is not None and self._overlaps.known(
            window.entity, window.start, scored.log_p
        ):
            return None
        anomaly = self._told(window, scored, threshold, strange)
        if anomaly is not None and self._overlaps is not None:
            self._overlaps.add(window.entity, window.start, scored.log_p)
        return anomaly

    def _told(
        self, window: Open, scored: Scored, threshold: float, strange: bool
    ) -> Anomaly | None:
        """The anomaly, where a rule supports it or the budget of its day has room."""
        anomaly = self._anomaly(window, scored, threshold)
        if anomaly.corroborating:
            self.counts.corroborated += 1
            return anomaly
        if not strange:
            return None
        self.counts.strange += 1
        if not self.threshold.admit(window.start, scored.log_p):
            self.counts.held += 1
            return None
        return anomaly

    def _anomaly(self, window: Open, scored: Scored, threshold: float) -> Anomaly:
        new = [Observation(window.entity, window.start, fields) for fields in window.fields]
        reasons = self.model.bundle.explain(scored, new, REASONS)
        hits = sorted(window.hits.values(), key=lambda hit: (-hit.rank, hit.title, hit.id))
        return Anomaly(
            self.model,
            window.entity,
            window.start,
            self.windows.end(window),
            min(window.times),
            max(window.times),
            len(window.times) + window.over,
            scored,
            threshold,
            tuple(reasons),
            tuple(hits),
            tuple(sorted(window.samples, key=lambda sample: sample.time)),
            tuple(self._templates.describe(fields) for fields in window.fields),
        )

    def save(self) -> dict[str, Any]:
        """The state as JSON values."""
        return {
            "sha256": self.model.sha256,
            "windows": self.windows.save(),
            "days": self.threshold.save(),
            "drift": self.watch.save(),
            "counts": asdict(self.counts),
            **({} if self._past is None else {"past": self._past.save()}),
            **({} if self._overlaps is None else {"told": self._overlaps.save()}),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.windows.restore(saved["windows"])
        self.threshold.restore(saved["days"])
        self.watch.restore(drift.saved_days(saved))
        self.counts = Counts(**saved["counts"])
        if self._past is not None:
            self._past.restore(saved.get("past", []))
        if self._overlaps is not None:
            self._overlaps.restore(saved["told"])


def _closed(window: Open, end: float, featured: bool) -> Window:
    """The window as models take it, `featured` with what its events say of themselves.

    Positions say where an event that the model never saw stands among those of which the window
    kept what they say.
    """
    times, numbers = window.events()
    most = max(len(window.fields) - 1, 0)
    new, places = 0, [0] * len(numbers)
    for at, number in enumerate(numbers) if UNKNOWN in numbers else ():
        places[at] = min(new, most)
        new += number == UNKNOWN
    found = Window(
        window.entity, window.start, end, numbers, tuple(places), window.graph(), window.over
    )
    return replace(found, times=times, signals=window.said()) if featured else found
