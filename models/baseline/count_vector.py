"""Sessions by how often each event occurs in them: as far from normal as the nearest known one.

The nearest is found among few: vectors of which one has more events than the other differ by at
least so many, so that those with about as many events bound how far off the nearest can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.base import (
    Detector,
    Floats,
    Reason,
    Session,
    Sessions,
    State,
    Takes,
    by_distinct,
    some,
)

NEAR = 32
"""Known vectors to either side, by their number of events, that give the first bound."""


class CountVector(Detector[Sessions]):
    """The least number of events to add or take away that makes a session one seen in training.

    0 is a count vector that training had. `block` bounds memory: numbers compared at a time.
    """

    name: ClassVar[str] = "count-vector"
    takes: ClassVar[Takes] = Takes.SESSIONS
    source: ClassVar[str] = (
        "Landauer, Skopik, Wurzenberger: A Critical Review of Common Log Data Sets Used for "
        "Evaluation of Sequence-based Anomaly Detection Techniques (2024)"
    )

    def __init__(self, block: int = 2_000_000) -> None:
        self.block = block
        self._columns: dict[int, int] = {}
        self._know(np.zeros((0, 0)))

    def fit(self, data: Sessions) -> Self:
        """Remember each distinct count vector of `data`."""
        some(data)
        numbers = sorted({event for session in data for event in session})
        self._columns = {event: column for column, event in enumerate(numbers)}
        self._know(np.unique(self._vectors(list(set(data))), axis=0))
        return self

    def score(self, data: Sessions) -> Floats:
        """The distance (L1) of each session's counts to the nearest known ones."""
        return by_distinct(data, self._distances)

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The events whose counts differ most from those of the nearest known session."""
        counts = Counter(data[at])
        row = self._vectors([data[at]])[0]
        nearest = self._known[np.abs(self._known - row).sum(axis=1).argmin()]
        expected = {event: int(nearest[column]) for event, column in self._columns.items()}
        return _differences(counts, expected)[:most]

    def state(self) -> State:
        """The distinct count vectors, and which event each column counts."""
        return State({"block": self.block}, {"events": list(self._columns)}, {"known": self._known})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._columns = {int(event): at for at, event in enumerate(state.facts["events"])}
        made._know(state.arrays["known"])
        return made

    def _know(self, known: Floats) -> None:
        """Take in the distinct count vectors of training."""
        totals = known.sum(axis=1)
        order = np.argsort(totals, kind="stable")
        self._known, self._totals = known, totals[order]
        # a session has few kinds of events, of each of which the counts lie together
        self._by_event = np.ascontiguousarray(known[order].T)

    def _distances(self, sessions: list[Session]) -> Floats:
        found: dict[frozenset[tuple[int, int]], float] = {}
        distances = np.empty(len(sessions))
        for at, session in enumerate(sessions):
            columns = [
                column for each in session if (column := self._columns.get(each)) is not None
            ]
            # sessions in another order have the same distance
            counts = frozenset(Counter(columns).items())
            if counts not in found:
                found[counts] = self._nearest(dict(counts))
            distances[at] = found[counts] + len(session) - len(columns)
        return distances

    def _nearest(self, counts: Mapping[int, int]) -> float:
        """The distance to the nearest known vector."""
        columns = np.fromiter(counts, np.intp, len(counts))
        row = np.fromiter(counts.values(), np.float64, len(counts))
        total = row.sum()
        at = int(self._totals.searchsorted(total))
        first, last = max(0, at - NEAR), min(len(self._totals), at + NEAR)
        best = self._least(columns, row, first, last, np.inf)
        if best:
            low, high = self._totals.searchsorted([total - best, total + best])
            if low < first or high > last:
                best = self._least(columns, row, int(low), int(high), best)
        return best

    def _least(
        self, columns: NDArray[np.intp], row: Floats, first: int, last: int, best: float
    ) -> float:
        """The least distance to known vectors from `first` to before `last`, at most `best`."""
        step = max(1, self.block // max(1, len(columns)))
        for start in range(first, last, step):
            end = min(last, start + step)
            known = self._by_event[columns, start:end]
            off = (np.abs(known - row[:, None]) - known).sum(axis=0) + self._totals[start:end]
            best = min(best, float(off.min()))
        return best

    def _vectors(self, sessions: list[Session]) -> Floats:
        rows = np.zeros((len(sessions), len(self._columns)))
        for row, session in zip(rows, sessions, strict=True):
            for event in session:
                column = self._columns.get(event)
                if column is not None:
                    row[column] += 1
        return rows


class CountShare(CountVector):
    """The least number of events to add or take away, as a share of the session's and its end.

    0.5 is every second one.

    Ten events too many are nothing in a session of a thousand, and much in one of twelve. On
    anomalies made up from training normals this found more than the number itself did, on each of
    the four public sets with sessions (`vedette/evaluate/madeup.py`).
    """

    name: ClassVar[str] = "count-share"

    def _distances(self, sessions: list[Session]) -> Floats:
        sizes = np.array([len(session) + 1 for session in sessions])
        shares: Floats = super()._distances(sessions) / sizes
        return shares


def _differences(counts: Mapping[int, int], expected: Mapping[int, Any]) -> list[Reason]:
    reasons = [
        Reason(
            f"event {event}",
            float(abs(counts.get(event, 0) - expected.get(event, 0))),
            f"event {event} occurs {counts.get(event, 0)} times, "
            f"{expected.get(event, 0)} in the nearest normal session",
        )
        for event in {*counts, *expected}
        if counts.get(event, 0) != expected.get(event, 0)
    ]
    return sorted(reasons, key=lambda reason: (-reason.contribution, reason.feature))
