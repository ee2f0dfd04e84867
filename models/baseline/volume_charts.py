"""Charts of how many events each entity has: every one held against its own past."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from copy import copy
from itertools import groupby
from typing import Any, ClassVar, Self

import numpy as np

from models.base import Detector, Floats, Json, Reason, State, Takes, finite, some
from models.baseline.arima import Arima
from models.baseline.chart import Chart
from models.baseline.control import Cusum, Ewma, Shewhart
from models.baseline.holt_winters import HoltWinters
from models.baseline.moving import MovingMean, MovingMedian
from models.errors import StoreError
from models.feature.past import BEFORE
from models.feature.volume import Volume, Volumes

LONGEST = 8_064
"""Windows that an entity's chart learns at most, the last ones: eight weeks of ten minutes."""
LENGTHS = "/lengths"


class VolumeChart(Detector[Volumes]):
    """A chart for each entity, over its counts of events, quiet windows counted as 0.

    A window is scored by the chart as training left it, led through the windows just before. An
    entity that training did not have is held against those alone, once there are `BEFORE` of them
    and where the chart needs no library to learn; until then it scores 0, for that something is new
    is for others to say. Windows without any event are not scored: a silent source is for hunts.
    """

    takes: ClassVar[Takes] = Takes.VOLUMES
    young: ClassVar[bool] = True
    """Whether a chart can be made of the few windows before."""

    def __init__(self) -> None:
        self._charts: dict[Hashable, Chart] = {}
        self._ends: dict[Hashable, int] = {}
        """The number of the last window that each chart learned."""

    @abstractmethod
    def chart(self) -> Chart:
        """A new chart."""

    def parameters(self) -> dict[str, Json]:
        """The constructor's arguments."""
        return {}

    def fit(self, data: Volumes) -> Self:
        """Learn what each entity has; windows that are not told lie between those beside them."""
        some(data)
        self._charts, self._ends = {}, {}
        return self.partial_fit(data)

    def partial_fit(self, data: Volumes) -> Self:
        """Learn entities that are new, and move the charts of the others on behind `data`."""
        for entity, volumes in _by_entity(data):
            counts, last = _series(volumes), volumes[-1].number
            if entity in self._charts:
                chart = self._from(entity, last + 1 - len(counts))
                self._charts[entity] = copy(chart).partial_fit(counts)
            else:
                self._charts[entity] = self.chart().fit(counts)
            self._ends[entity] = last
        return self

    def score(self, data: Volumes) -> Floats:
        """How many spreads each window's count lies off what its chart expects."""
        return finite([self._score(volume) for volume in data])

    def explain(self, data: Volumes, at: int, most: int = 3) -> list[Reason]:
        """The chart's value, centre line and limits."""
        volume = data[at]
        chart = self._at(volume)
        if chart is None:
            text = f"nothing is known yet of how many events {volume.entity} has"
            return [Reason("volume", 0.0, text)]
        counts = _counts(volume)
        reasons = chart.explain(counts, len(counts) - 1, most)
        said = f"events of {volume.entity} in a window: "
        return [Reason(f"volume {r.feature}", r.contribution, said + r.text) for r in reasons]

    def state(self) -> State:
        """Of each chart what it learned, those of all entities in one array."""
        arrays: dict[str, list[Floats]] = {}
        for chart in self._charts.values():
            for name, array in chart.state().arrays.items():
                arrays.setdefault(name, []).append(np.asarray(array, dtype=np.float64))
        packed: dict[str, Any] = {"ends": np.array(list(self._ends.values()), dtype=np.int64)}
        for name, each in arrays.items():
            packed[name] = np.concatenate(each)
            packed[name + LENGTHS] = np.array([len(array) for array in each], dtype=np.int64)
        return State(self.parameters(), {"entities": list(self._charts)}, packed)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        entities = [str(each) for each in state.facts["entities"]]
        parts: dict[str, list[Floats]] = {}
        for name, lengths in state.arrays.items():
            if name.endswith(LENGTHS):
                name = name.removesuffix(LENGTHS)
                parts[name] = np.split(state.arrays[name], np.cumsum(lengths)[:-1])
        ends = state.arrays["ends"].tolist()
        if {len(ends), *map(len, parts.values())} != {len(entities)}:
            raise StoreError("its charts are not those of its entities")
        kind, parameters = type(made.chart()), made.chart().state().parameters
        for at, entity in enumerate(entities):
            arrays = {name: each[at] for name, each in parts.items()}
            made._charts[entity] = kind.restore(State(parameters, {}, arrays))
        made._ends = dict(zip(entities, map(int, ends), strict=True))
        return made

    def _score(self, volume: Volume) -> float:
        chart = self._at(volume)
        return 0.0 if chart is None else float(chart.score(_counts(volume))[-1])

    def _at(self, volume: Volume) -> Chart | None:
        """The chart of the window's entity before the first of `_counts`; None without one."""
        first = volume.number - len(volume.before)
        if volume.entity in self._charts:
            return self._from(volume.entity, first)
        if not self.young or len(volume.before) < BEFORE:
            return None
        return self.chart().fit(_counts(volume)[:-1]).later(-BEFORE)

    def _from(self, entity: Hashable, number: int) -> Chart:
        """The chart of an entity as it stands before a window."""
        gap = number - self._ends[entity] - 1
        return self._charts[entity].later(gap) if gap else self._charts[entity]


class VolumeShewhart(VolumeChart):
    """How many standard deviations of its own training a count lies off the entity's mean."""

    name: ClassVar[str] = "volume-shewhart"
    source: ClassVar[str] = Shewhart.source

    def chart(self) -> Chart:
        """Shewhart's."""
        return Shewhart()


class VolumeEwma(VolumeChart):
    """How far the exponentially weighted average of an entity's last counts lies off its mean."""

    name: ClassVar[str] = "volume-ewma"
    source: ClassVar[str] = Ewma.source

    def __init__(self, weight: float = 0.2) -> None:
        super().__init__()
        self.weight = weight

    def chart(self) -> Chart:
        """One of that weight."""
        return Ewma(self.weight)

    def parameters(self) -> dict[str, Json]:
        """The weight of the newest count."""
        return {"weight": self.weight}


class VolumeCusum(VolumeChart):
    """What an entity's last counts had more than normal, or less, summed up."""

    name: ClassVar[str] = "volume-cusum"
    source: ClassVar[str] = Cusum.source

    def __init__(self, slack: float = 0.5, most: float = 6.0) -> None:
        super().__init__()
        self.slack, self.most = slack, most

    def chart(self) -> Chart:
        """One that leaves so much unpunished."""
        return Cusum(self.slack, self.most)

    def parameters(self) -> dict[str, Json]:
        """What each count may lie off, and adds at the most."""
        return {"slack": self.slack, "most": self.most}


class VolumeMovingMean(VolumeChart):
    """How many standard deviations a count lies off the mean of the entity's windows before."""

    name: ClassVar[str] = "volume-moving-mean"
    source: ClassVar[str] = MovingMean.source

    def chart(self) -> Chart:
        """One over all windows that are remembered."""
        return MovingMean(BEFORE)


class VolumeMovingMedian(VolumeChart):
    """How many scaled MADs a count lies off the median of the entity's windows before."""

    name: ClassVar[str] = "volume-moving-median"
    source: ClassVar[str] = MovingMedian.source

    def chart(self) -> Chart:
        """One over all windows that are remembered."""
        return MovingMedian(BEFORE)


class VolumeHoltWinters(VolumeChart):
    """How far a count lies off a forecast that knows the entity's hours.

    `period` is a day of windows, 144 of ten minutes. Entities with less than two days have no
    rhythm. Learning takes a second or two for each entity that has one.
    """

    name: ClassVar[str] = "volume-holt-winters"
    source: ClassVar[str] = HoltWinters.source
    learns_with: ClassVar[tuple[str, ...]] = HoltWinters.learns_with
    young: ClassVar[bool] = False
    daily: ClassVar[str | None] = "period"

    def __init__(self, period: int = 144) -> None:
        super().__init__()
        self.period = period

    def chart(self) -> Chart:
        """One with that rhythm."""
        return HoltWinters(self.period)

    def parameters(self) -> dict[str, Json]:
        """The windows of a day."""
        return {"period": self.period}


class VolumeArima(VolumeChart):
    """How far a count lies off its ARIMA forecast from the entity's windows just before."""

    name: ClassVar[str] = "volume-arima"
    source: ClassVar[str] = Arima.source
    learns_with: ClassVar[tuple[str, ...]] = Arima.learns_with
    young: ClassVar[bool] = False

    def __init__(self, order: Sequence[int] = (2, 0, 1)) -> None:
        super().__init__()
        self.order = tuple(order)

    def chart(self) -> Chart:
        """One of that order."""
        return Arima(self.order)

    def parameters(self) -> dict[str, Json]:
        """The order."""
        return {"order": list(self.order)}


def _by_entity(data: Volumes) -> Iterable[tuple[Hashable, list[Volume]]]:
    """Each entity's volumes in the order of time, entities in the order of first sight."""
    places: dict[Hashable, int] = {}
    for volume in data:
        places.setdefault(volume.entity, len(places))
    ordered = sorted(data, key=lambda volume: (places[volume.entity], volume.number))
    return ((entity, list(each)) for entity, each in groupby(ordered, lambda v: v.entity))


def _series(volumes: Sequence[Volume]) -> Floats:
    """The counts from an entity's first window (the last `LONGEST`) to its last.

    Windows that were quiet are 0. Others between those that are told were left out of training:
    a straight line stands for them.
    """
    last = volumes[-1].number
    first = max(volumes[0].number, last + 1 - LONGEST)
    counts = np.full(last + 1 - first, np.nan)
    for volume in volumes:
        at = volume.number - first
        if at < 0:
            continue
        counts[max(at - volume.quiet, 0) : at] = 0.0
        counts[at] = volume.events
    known = np.flatnonzero(~np.isnan(counts))
    straight: Floats = np.interp(np.arange(len(counts)), known, counts[known])
    return straight


def _counts(volume: Volume) -> Floats:
    return np.array([*volume.before, volume.events], dtype=np.float64)
