"""Sliding windows over the rows of each group, found alike wherever one begins to look.

A window ends at an event and reaches a span back: `(time - span, time]`. An alert stands for an
episode, which begins at an event whose window satisfies the condition when none did within the
span before it. What is found at an event so depends on two spans before it and on nothing else,
which is why runs may look at the same events again, after a crash or for those that came late,
and find the same. An episode that goes on is told again at the beginning of each UTC day.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from engine.correlate.condition import Number
from engine.correlate.finding import Capped
from engine.correlate.hit import Hit
from engine.correlate.measure import Measure
from engine.hunt.groups import groups
from engine.hunt.model import Span
from engine.hunt.row import Group, Row

DAY = 86_400_000_000

SHOWN = 10
"""Events of a window that are kept whole, to be shown; of the others only what counts."""

ROOM = 100_000
"""Events of one window; beyond that the oldest are let go of, and an alert says so."""

IDLE = 10_000
"""Groups between two looks for those whose windows are over."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window that satisfied the condition: the group, its events, and what was measured."""

    key: Group
    group: Group
    time: int
    since: int
    by: str
    value: Number | None
    rows: tuple[Row, ...]
    total: int
    places: frozenset[int]
    capped: Capped | None = None


@dataclass(slots=True)
class Held:
    """A group at work."""

    measure: Measure
    hits: deque[Hit] = field(default_factory=deque)
    rows: deque[Row] = field(default_factory=lambda: deque(maxlen=SHOWN))
    satisfied: int | None = None
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Sliding:
    """How rows are grouped, what is measured in their windows, and what satisfies."""

    fields: tuple[str, ...]
    span: int
    measure: Callable[[], Measure]
    holds: Callable[[Number | None, int], bool]
    """Asked with the measured value and the number of events in the window."""
    values: Callable[[Row], tuple[Any, ...] | None] = lambda _row: ()
    """What of a row is measured; None when it has nothing to measure."""
    places: Callable[[Row], tuple[int, ...]] = lambda _row: ()
    of: Callable[[Row], Iterable[tuple[Group, Group]]] | None = None
    """The groups of a row, where they are not those of `fields`."""
    room: int = ROOM

    @property
    def context(self) -> int:
        """How much before a span must be read so that what is found in it is certain."""
        return 2 * self.span

    def windows(self, rows: Iterable[Row], span: Span) -> Iterator[Window]:
        """The first window of each episode that begins in a span; rows in order of (time, id)."""
        held: dict[Group, Held] = {}
        cut: dict[Group, Window] = {}
        for number, row in enumerate(rows, start=1):
            if number % IDLE == 0:
                self._let_go(held, row.time)
            values = self.values(row)
            if values is None:
                continue
            found = self.of(row) if self.of else groups(row.event, self.fields)
            for key, shown in found:
                state = held.get(key)
                if state is None:
                    state = held[key] = Held(self.measure())
                hit = Hit(row.time, row.id, row.id, self.places(row), values, (), 1, 0, row.time)
                yield from self._take(state, key, shown, row, hit, span)
                if state.lost and row.time in span:
                    before = cut.get(key)
                    total = max(len(state.hits) + state.lost, before.total if before else 0)
                    capped = Capped("events in a window", self.room, total)
                    first = before or self._window(state, key, shown, row)
                    cut[key] = replace(first, total=total, rows=(), capped=capped)
        yield from cut.values()

    def _take(
        self, state: Held, key: Group, shown: Group, row: Row, hit: Hit, span: Span
    ) -> Iterator[Window]:
        self._slide(state, row.time)
        state.hits.append(hit)
        state.rows.append(row)
        state.measure.add(hit)
        if len(state.hits) > self.room:
            state.measure.remove(state.hits.popleft())
            state.lost += 1
        value = state.measure.value()
        if not self.holds(value, len(state.hits)):
            return
        before, state.satisfied = state.satisfied, row.time
        fresh = before is None or before <= row.time - self.span
        if (fresh or (before or 0) // DAY < row.time // DAY) and row.time in span:
            yield self._window(state, key, shown, row)

    def _window(self, state: Held, key: Group, shown: Group, row: Row) -> Window:
        return Window(
            key, shown, row.time, state.hits[0].time, row.id, state.measure.value(),
            tuple(each for each in state.rows if each.time > row.time - self.span),
            len(state.hits) + state.lost,
            frozenset(place for hit in state.hits for place in hit.places),
        )  # fmt: skip

    def _slide(self, state: Held, time: int) -> None:
        """Let go of what the window that ends at a time does not reach."""
        while state.hits and state.hits[0].time <= time - self.span:
            state.measure.remove(state.hits.popleft())
        if not state.hits:
            state.lost = 0

    def _let_go(self, held: dict[Group, Held], time: int) -> None:
        """Forget the groups that nothing later depends on."""
        over = time - self.span
        for key in [key for key, state in held.items() if state.hits[-1].time <= over]:
            state = held[key]
            if state.satisfied is None or state.satisfied <= over:
                del held[key]
