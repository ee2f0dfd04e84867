"""Sessions by how often each event occurs in them: as far from normal as the nearest known one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

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
        self._known: Floats = np.zeros((0, 0))

    def fit(self, data: Sessions) -> Self:
        """Remember each distinct count vector of `data`."""
        some(data)
        numbers = sorted({event for session in data for event in session})
        self._columns = {event: column for column, event in enumerate(numbers)}
        self._known = np.unique(self._vectors(list(set(data))), axis=0)
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
        made._known = state.arrays["known"]
        return made

    def _distances(self, sessions: list[Session]) -> Floats:
        unseen = np.array([self._unseen(session) for session in sessions], dtype=np.float64)
        # Sessions in another order, or with as many of each event, have the same distance.
        rows, where = np.unique(self._vectors(sessions), axis=0, return_inverse=True)
        step = max(1, self.block // max(1, self._known.size))
        nearest = [
            np.abs(rows[at : at + step, None, :] - self._known).sum(axis=2).min(axis=1)
            for at in range(0, len(rows), step)
        ]
        distances: Floats = np.concatenate(nearest)[where.ravel()] + unseen
        return distances

    def _unseen(self, session: Session) -> int:
        return sum(event not in self._columns for event in session)

    def _vectors(self, sessions: list[Session]) -> Floats:
        rows = np.zeros((len(sessions), len(self._columns)))
        for row, session in zip(rows, sessions, strict=True):
            for event in session:
                column = self._columns.get(event)
                if column is not None:
                    row[column] += 1
        return rows


class CountShare(CountVector):
    """The same as a share of the session's events, its end among them: 0.5 is every second one.

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
