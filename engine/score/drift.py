"""Whether what a model scores in a day is still like what it learned from.

Of each day of event time some windows are kept; when the day is over, their fused p are held
against those of the normals of training, by two measures of `models.drift`. Neighbouring windows
are alike, so the windows of an hour are shuffled together. What drifts towards *less* strange is
not told: the normals of training were scored by models that had not seen them, and are stranger
for that.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from engine.alert import AlertMaker
from engine.entities import cut
from engine.ids import alert_id
from engine.moment import iso
from engine.ports import Alert
from engine.score.model import Model
from models.base import UNKNOWN, Floats
from models.bundle.bundle import DAY, Bundle, Scored
from models.drift.drift import Drift, drifted
from models.drift.reference import kept as drawn
from models.drift.scores import distance, gap, stability

KIND = "drift"
LEVEL = "low"
MOST = 250
"""Windows of a day that are kept, evenly drawn. Each must be given to costly detectors, and more
would tell little more: by chance whole hours move, of which a day has few."""
NORMALS = 500
"""Normals that they are held against."""
FEWEST = 50
"""A day with fewer windows says nothing."""
HOURS = 24
DIGITS = 2
"""Scores are compared to so many: a model's answers come in steps, and those of the models of its
calibration in slightly other ones, which is no drift."""
DISTANCE = "distribution of scores"
GAP = 0.15
"""The least distance between distributions that is told: in a long day a small one is no chance
either, but nobody's business."""
RANGE = 1 << 32
"""Hashes of windows lie below this."""


def named(entity: str, start: float) -> str:
    """The name of a window."""
    return f"{entity}|{math.floor(start)}"


def _place(name: str) -> int:
    return zlib.crc32(name.encode(errors="replace"))


@dataclass(slots=True)
class Kept:
    """Windows of a day: logarithms of p of one in `step`, and how many there were.

    Which are kept their names decide (entity and start), as every second one of a few hosts in
    turn would always be the same hosts.
    """

    seen: int = 0
    step: int = 1
    drawn: list[tuple[int, float]] = field(default_factory=list)
    """(hash of the name, logarithm of p), in the order in which they came."""
    events: int = 0
    new: int = 0
    """Events of kinds that training never had."""

    @property
    def log_p(self) -> list[float]:
        """The logarithms of p that were kept."""
        return [log_p for _, log_p in self.drawn]

    def take(self, scored: Scored) -> None:
        """Take one window in."""
        window = scored.window
        self.add(
            named(str(window.entity), window.start),
            scored.log_p,
            len(window),
            window.events.count(UNKNOWN),
        )

    def add(self, name: str, log_p: float, events: int, new: int) -> None:
        """Take in what is asked of a window; memory stays bounded."""
        if self.draws(name):
            self.drawn.append((_place(name), round(log_p, DIGITS)))
        self.seen += 1
        self.events += events
        self.new += new
        if len(self.drawn) > MOST:
            self.step *= 2
            self.drawn = [each for each in self.drawn if each[0] < RANGE // self.step]

    def draws(self, name: str) -> bool:
        """Whether it would keep a window of that name."""
        return _place(name) < RANGE // self.step

    @property
    def share(self) -> float:
        """The share of events of kinds that training never had."""
        return self.new / self.events if self.events else 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What has drifted on a day, the strongest first."""

    start: datetime
    kept: Kept
    drifts: tuple[Drift, ...]


class Watch:
    """The days of one model that are not over."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.days: dict[int, Kept] = {}

    def add(self, scored: Scored) -> None:
        """A window was scored."""
        day = math.floor(scored.window.start / DAY)
        self.days.setdefault(day, Kept()).take(scored)

    def drawn(self, windows: Iterable[tuple[str, float]]) -> set[tuple[str, float]]:
        """Which of the windows (entity, start) that come next, in this order, will be kept.

        Only of these must p be the whole truth.
        """
        days: dict[int, Kept] = {}
        drawn: dict[int, list[tuple[str, float]]] = {}
        for entity, start in windows:
            number = math.floor(start / DAY)
            if number not in days:
                known = self.days.get(number, Kept())
                days[number] = replace(known, drawn=list(known.drawn))
                drawn[number] = []
            day = days[number]
            day.add(named(entity, start), 0.0, 0, 0)
            drawn[number].append((entity, start))
        return {each for n, found in drawn.items() for each in found if days[n].draws(named(*each))}

    def over(self, before: float) -> list[Finding]:
        """The findings of days that are over by then, which are forgotten."""
        found = []
        for number in sorted(n for n in self.days if (n + 1) * DAY <= before):
            kept = self.days.pop(number)
            bundle = self.model.bundle
            drifts = measured(bundle, kept) if suspicious(bundle, kept) else []
            if told := stranger(drifts, bundle, kept):
                start = datetime.fromtimestamp(number * DAY, UTC)
                found.append(Finding(start, kept, tuple(told)))
        return found

    def save(self) -> list[Any]:
        """The days as JSON values."""
        return [
            [n, day.seen, day.step, day.drawn, day.events, day.new]
            for n, day in sorted(self.days.items())
        ]

    def restore(self, saved: Any) -> None:
        """Go on from there."""
        self.days = {
            n: Kept(seen, step, [(place, p) for place, p in drawn], events, new)
            for n, seen, step, drawn, events, new in saved
        }


def measured(bundle: Bundle, kept: Kept) -> list[Drift]:
    """Both measures of a day's windows against the normals; none where there are too few."""
    if _few(bundle, kept):
        return []
    then, now = _both(bundle, kept)
    block = max(1, round(len(now) / HOURS))
    return [stability(then, now, block=block), distance(then, now, block=block)]


def suspicious(bundle: Bundle, kept: Kept) -> bool:
    """Whether `stranger` may tell of a day: what it asks besides chance, which takes long to know.

    Most days are not.
    """
    return not _few(bundle, kept) and _higher(bundle, kept) and gap(*_both(bundle, kept)) >= GAP


def _few(bundle: Bundle, kept: Kept) -> bool:
    return len(kept.log_p) < FEWEST or len(bundle.normal) < FEWEST


def _both(bundle: Bundle, kept: Kept) -> tuple[Floats, Floats]:
    """Scores of normals and of the day, as they are compared."""
    then = np.round(drawn(np.asarray(bundle.normal), NORMALS, 0), DIGITS)
    return then, np.array(kept.log_p)


def _higher(bundle: Bundle, kept: Kept) -> bool:
    return bool(np.median(kept.log_p) < np.median(bundle.normal))


def stranger(drifts: list[Drift], bundle: Bundle, kept: Kept) -> list[Drift]:
    """Those that hold in all, where the day's windows are much stranger than normals."""
    found = drifted(drifts)
    much = any(each.value >= GAP for each in drifts if each.name == DISTANCE)
    return found if much and _higher(bundle, kept) else []


def alert(maker: AlertMaker, model: Model, finding: Finding, now: datetime) -> Alert:
    """The one alert that says that a model and its data have parted on a day."""
    from engine.score.document import RULESET, model_rule  # which imports the tracks

    start, kept = finding.start, finding.kept
    title = f"Events have drifted from what the model {model.name} learned"
    rule = model_rule(model, title, LEVEL)
    anchor = f"{start:%Y-%m-%d}"
    id = alert_id(maker.namespace, model.identity, KIND, anchor)
    new = f"; {kept.share:.1%} of events are of kinds that it never saw" if kept.new else ""
    said = f"{title}: on {anchor}, {finding.drifts[0].words()}, by {kept.seen:,} windows{new}"
    document = {
        **maker.frame(rule, id, LEVEL, cut(said, 1024), now),
        "rule": {"uuid": rule.id, "id": rule.id, "name": title, "version": model.version,
                 "ruleset": RULESET, "category": KIND},
        "vedette": {
            "alert": {
                "id": id,
                "status": "open",
                "kind": KIND,
                "level": LEVEL,
                "confidence": round(1 - finding.drifts[0].p, 4),
                "depth": 2,
                "original_time": iso(start + timedelta(days=1)),
                "dedup_key": f"{model.identity}:{anchor}",
                "explanation": [
                    {"feature": each.name, "contribution": round(each.value, 4),
                     "text": each.words()}
                    for each in finding.drifts
                ],
                "model": {"id": model.name, "version": model.version, "sha256": model.sha256},
                "execution": maker.running(),
            }
        },
    }  # fmt: skip
    document["event"] |= {"start": iso(start), "end": iso(start + timedelta(days=1))}
    return Alert(id, start, document)


def saved_days(state: Mapping[str, Any]) -> Any:
    """The days in a track's state; states of before have none."""
    return state.get("drift", [])
