"""Sessions and windows: the events of each entity, in the order of time, cut into pieces.

A stream is three sequences of equal length: the entity of each event (a host, a user, a session's
id), its time in seconds, and its number. They need not be sorted. Events of one entity at one time
keep their order.

    windows = by_gap(entities, times, events, gap=1800)
    detector.fit(sequences(windows))
    windows[3].entity, windows[3].start, windows[3].positions      where the fourth came from

Windows come in the order of their starts, those that start together in the order of their events.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.base import Session
from models.errors import DataError
from models.feature.signal import Signals
from models.feature.volume import Volume
from models.graph.edge import Graph

Entities: TypeAlias = Sequence[Hashable]
Times: TypeAlias = Sequence[float] | NDArray[np.float64]
Events: TypeAlias = Sequence[int] | NDArray[np.int64]

LONGEST = 10_000
"""Events that a session has at most, unless told otherwise: then the next one begins."""
MOST_OVERLAP = 1_000
"""Time windows that one event may be in."""


@dataclass(frozen=True, slots=True)
class Window:
    """Some events of one entity.

    `positions` says where each stands in the stream. `start` and `end` are the times of the first
    and last event, or the bounds of a window of time, of which `end` is the first moment after it.
    """

    entity: Hashable
    start: float
    end: float
    events: Session
    positions: tuple[int, ...]
    edges: Graph = ()
    """The edges of its graph, as often as each came, where somebody asks for them."""
    over: int = 0
    """Events that it has beside these, which are counted and not scored."""
    volume: Volume | None = None
    """How many events it has beside the windows before, where somebody asks for it."""
    times: tuple[float, ...] = ()
    """The time of each event, where somebody asks for it."""
    signals: tuple[Signals, ...] = ()
    """Of each event what it says of itself, where somebody asks for it."""

    def __len__(self) -> int:
        return len(self.events)


def by_entity(
    entities: Entities, times: Times, events: Events, longest: int = LONGEST
) -> list[Window]:
    """One session for each entity: for ids that are used once, such as a block or a process."""
    return by_gap(entities, times, events, float("inf"), longest)


def by_gap(
    entities: Entities, times: Times, events: Events, gap: float, longest: int = LONGEST
) -> list[Window]:
    """Sessions that end when nothing comes for more than `gap` seconds, or at `longest` events."""
    _positive(gap=gap, longest=longest)
    stream = _Stream(entities, times, events)
    found: list[Window] = []
    for part in stream.parts():
        moments = stream.times[part]
        starts = [0, *(np.flatnonzero(np.diff(moments) > gap) + 1).tolist(), len(part)]
        for start, end in itertools.pairwise(starts):
            for at in range(start, end, longest):
                found.append(stream.window(part[at : min(at + longest, end)]))
    return _sorted(found)


def sliding(
    entities: Entities, times: Times, events: Events, size: int, step: int = 1
) -> list[Window]:
    """Windows of `size` events of an entity, one every `step` events.

    The last window of an entity ends with its last event, so that none is left out; an entity with
    fewer than `size` events has one window of all.
    """
    _positive(size=size, step=step)
    stream = _Stream(entities, times, events)
    found: list[Window] = []
    for part in stream.parts():
        last = max(0, len(part) - size)
        for at in sorted({*range(0, last + 1, step), last}):
            found.append(stream.window(part[at : at + size]))
    return _sorted(found)


def timed(
    entities: Entities,
    times: Times,
    events: Events,
    width: float,
    step: float | None = None,
    origin: float = 0.0,
) -> list[Window]:
    """Windows of `width` seconds, one every `step` (by default `width`), counted from `origin`.

    A window has the events from its start on up to, not including, its end. With `step` below
    `width` they overlap. Windows without an event are left out.
    """
    step = width if step is None else step
    _positive(width=width, step=step)
    if width / step > MOST_OVERLAP:
        raise DataError(f"an event would be in {width / step:,.0f} windows: make the step longer")
    stream = _Stream(entities, times, events)
    found: list[Window] = []
    for part in stream.parts():
        moments = stream.times[part]
        for number in _numbers(moments, width, step, origin):
            start = origin + number * step
            end = origin + (number + 1) * step if width == step else start + width
            first, after = np.searchsorted(moments, [start, end])
            if first < after:
                found.append(stream.window(part[first:after], start, end))
    return _sorted(found)


def sequences(windows: Iterable[Window]) -> list[Session]:
    """The events of each window: what detectors of sessions take."""
    return [window.events for window in windows]


class _Stream:
    """The three sequences, checked, and their positions sorted by entity and time."""

    def __init__(self, entities: Entities, times: Times, events: Events) -> None:
        if not len(entities) == len(times) == len(events):
            raise DataError(
                f"{len(entities)} entities, {len(times)} times and {len(events)} events "
                "are not of one stream"
            )
        self.entities = entities
        self.times: NDArray[np.float64] = np.asarray(times, dtype=np.float64)
        self.events: NDArray[Any] = np.asarray(events)
        if not np.isfinite(self.times).all():
            at = int(np.argmin(np.isfinite(self.times)))
            raise DataError(f"the time of event {at} is {self.times[at]}")
        codes: dict[Hashable, int] = {}
        self._codes = np.fromiter(
            (codes.setdefault(entity, len(codes)) for entity in entities), np.intp, len(entities)
        )

    def parts(self) -> Iterator[NDArray[np.intp]]:
        """The positions of each entity's events, in the order of time."""
        order = np.lexsort((self.times, self._codes))
        borders = np.flatnonzero(np.diff(self._codes[order])) + 1
        return (part for part in np.split(order, borders) if len(part))

    def window(
        self, part: NDArray[np.intp], start: float | None = None, end: float | None = None
    ) -> Window:
        """The window of the events at `part`."""
        return Window(
            self.entities[part[0]],
            float(self.times[part[0]]) if start is None else start,
            float(self.times[part[-1]]) if end is None else end,
            tuple(self.events[part].tolist()),
            tuple(part.tolist()),
        )


def _numbers(moments: NDArray[np.float64], width: float, step: float, origin: float) -> list[int]:
    """The numbers of the windows that may have one of `moments`."""
    nearest = np.floor((moments - origin) / step).astype(np.int64)
    overlap = int(np.ceil(width / step))
    # One more on either side: a rounded quotient may name the neighbour.
    around = np.add.outer(np.unique(nearest), np.arange(-overlap, 2))
    return [int(number) for number in np.unique(around)]


def _sorted(windows: list[Window]) -> list[Window]:
    return sorted(windows, key=lambda window: (window.start, window.positions[0], window.end))


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise DataError(f"{name} must be more than 0, not {value}")
