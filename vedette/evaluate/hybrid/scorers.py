"""What sees the events of a hunt over recordings: first to learn from them, then to score them.

Neither changes what rules find: both give the pipeline no alert.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.alert import AlertMaker
from engine.detect import Match
from engine.errors import Report
from engine.event import Event
from engine.incident.finding import ANOMALY, Finding, finding_of
from engine.kinds import LogSource
from engine.ports import Alert, Document, Record
from engine.rule import Rule
from engine.score.anomaly import Proposes
from engine.score.ensemble import Ensemble
from engine.score.figures import Figures
from engine.score.limits import HUNT
from engine.score.model import Model
from engine.score.quick import Observer
from engine.score.scorer import Placed
from models.bundle.observation import Observation
from vedette.evaluate.hybrid.family import Family
from vedette.hunt import ALERTS_A_DAY

Place = tuple[str, int]
"""Who a window is about, as models name it, and its start in seconds since 1970."""


def name_of(record: Record) -> str:
    """The recording that an event is of."""
    return Path(record.index or record.origin).name


class Silent:
    """What a scorer need not do that keeps no state and gives the pipeline no alert."""

    changed = False
    lasting = False

    def matched(
        self, placed: Placed, record: Record, identity: str, matches: Sequence[Match]
    ) -> None:
        """Rules do not matter to it."""

    def together(self, events: Iterable[Event], rule: Rule) -> None:
        """Correlations do not matter to it."""

    def watch(self, names: Iterable[str], now: datetime) -> None:
        """Sources do not matter to it."""

    def advance(self, source: str | None, now: datetime) -> list[Alert]:  # noqa: ARG002
        """No alert."""
        return []

    def finish(self, now: datetime) -> list[Alert]:  # noqa: ARG002
        """No alert."""
        return []

    def reset(self) -> None:
        """There is nothing to forget."""

    def figures(self) -> Sequence[Figures]:
        """No model is at work."""
        return ()

    def save(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def restore(self, saved: Mapping[str, Any], now: datetime) -> None:
        """There is nothing to go on from."""


class Listener(Silent):
    """Keeps what models would be told of each recording's events."""

    def __init__(self) -> None:
        self.heard: dict[str, list[Observation]] = {}
        self._observer = Observer()

    def see(
        self,
        record: Record,
        event: Callable[[], Event],
        now: datetime,  # noqa: ARG002
        tags: LogSource | None = None,
    ) -> Placed | None:
        """Keep what is said of an event that has a time."""
        seen = self._observer.see(record, event, tags)
        if seen is not None:
            told = Observation(seen.entity, seen.time, seen.fields)
            self.heard.setdefault(name_of(record), []).append(told)
        return None


@dataclass(frozen=True, slots=True)
class Strange:
    """An anomaly's alert, its finding and p, and the recordings with events in its window."""

    finding: Finding
    document: Document
    p: float
    recordings: frozenset[str]

    @property
    def supported(self) -> bool:
        """Whether a rule of level low or above matched in the window."""
        return bool(self.document["vedette"]["alert"].get("corroborated_by"))


class Judges(Silent):
    """Gives each event to the model that has seen no recording of its techniques.

    Twice: once with the rules' matches, as a hunt with models does, and once without any.
    """

    def __init__(
        self,
        models: Mapping[Family, Model],
        families: Mapping[str, Family],
        maker: AlertMaker,
        report: Report,
        techniques: Proposes,
        alerts_a_day: float = ALERTS_A_DAY,
    ) -> None:
        """`families` has that of each recording by its name; without a model it is not judged."""
        self._families = families
        self.supported: list[Strange] = []
        self.alone: list[Strange] = []
        self.windows: dict[tuple[Family, Place], set[str]] = {}
        self._width = {family: model.bundle.plan.width for family, model in models.items()}

        def made(model: Model) -> Ensemble:
            return Ensemble(
                [model], maker, report, alerts_a_day=alerts_a_day, techniques=techniques,
                limits=replace(HUNT, common=1.0),  # the budget here is the evaluation's own
            )  # fmt: skip

        self._supported = {family: made(model) for family, model in models.items()}
        self._alone = {family: made(model) for family, model in models.items()}

    def see(
        self,
        record: Record,
        event: Callable[[], Event],
        now: datetime,
        tags: LogSource | None = None,
    ) -> Placed | None:
        """Take one event in, and remember of which recording it is."""
        name = name_of(record)
        family = self._families.get(name)
        if family is None or family not in self._supported:
            return None
        self._alone[family].see(record, event, now, tags)
        placed = self._supported[family].see(record, event, now, tags)
        if placed is not None:
            width = self._width[family]
            start = math.floor(math.floor(placed.time / width) * width)
            self.windows.setdefault((family, (placed.entity, start)), set()).add(name)
        return placed

    def matched(
        self, placed: Placed, record: Record, identity: str, matches: Sequence[Match]
    ) -> None:
        """Rules matched an event: the models that stand alone do not hear of it."""
        family = self._families[name_of(record)]
        self._supported[family].matched(placed, record, identity, matches)

    def finish(self, now: datetime) -> list[Alert]:
        """Keep the anomalies; the pipeline is given none."""
        self.supported = self._found(self._supported, now)
        self.alone = self._found(self._alone, now)
        return []

    def _found(self, ensembles: Mapping[Family, Ensemble], now: datetime) -> list[Strange]:
        found: dict[str, Strange] = {}
        for family in sorted(ensembles, key=sorted):
            for alert in ensembles[family].finish(now):
                strange = self._strange(family, alert)
                # the same window of the same host, in recordings of different techniques
                known = strange and found.get(strange.finding.id)
                if strange and (known is None or strange.p < known.p):
                    found[strange.finding.id] = strange
        return sorted(found.values(), key=lambda each: (each.p, each.finding.id))

    def _strange(self, family: Family, alert: Alert) -> Strange | None:
        finding = finding_of(alert.document)
        if finding is None or finding.kind != ANOMALY or alert.anchor_time is None:
            return None
        own = alert.document["vedette"]["alert"]
        who = f"{own['entity']['field']}={own['entity']['value']}"
        place = (who, math.floor(alert.anchor_time.timestamp()))
        recordings = frozenset(self.windows.get((family, place), ()))
        return Strange(finding, alert.document, own["scores"]["fused"], recordings)
