"""Detectors of vectors, asked about windows by how often each event occurs in them.

Why one is strange is told by events: by Shapley values (`shares.py`) among the few that
matter most, held against usual windows. They say how much of the score is each event's, where
several share it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models.base import Detector, Floats, Reason, Session, Sessions, by_distinct
from models.bundle.shares import shares
from models.cluster.clustering import NOISE, Clustering

USUAL = 16
"""Windows of training that a strange one is held against."""
TYPICAL, OFTEN = 3, float(np.log1p(0.5))
"""How many events a cluster is told by, and what a count must be on average for that."""

_COLUMN = re.compile(r"\bcolumn (\d+)\b")


class Counted:
    """A detector of vectors, asked about sessions by how often each event occurs in them.

    `usual` are rows of ordinary sessions, as `vectors` makes them; without them, and for clusters,
    reasons are the detector's own.
    """

    def __init__(self, inner: Detector[Any], events: int, usual: Floats | None = None) -> None:
        self.inner, self.events, self.usual = inner, events, usual

    def fit(self, data: Sessions) -> Counted:
        """Learn the counts of the sessions."""
        self.inner.fit(vectors(data, self.events))
        return self

    def score(self, data: Sessions) -> Floats:
        """What the detector says of each session's counts."""
        return by_distinct(data, lambda keys: self.inner.score(vectors(keys, self.events)))

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """What its events add to the score; which cluster is near, where it is about clusters."""
        row = vectors([data[at]], self.events)
        found: list[Reason] = []
        if self.usual is not None and not isinstance(self.inner, Clustering):
            found = self._shares(row[0], self.usual)
        if found:
            return found[:most]
        kind = self._kind(self.inner, row) if isinstance(self.inner, Clustering) else ""
        return [
            replace(each, text=each.text + kind) if each.feature == "cluster" else each
            for each in map(self._named, self.inner.explain(row, 0, most))
        ]

    def _kind(self, clusters: Clustering, row: Floats) -> str:
        """What windows of the nearest cluster hold mostly, as the rest of a sentence."""
        (cluster,), _ = clusters.assign(row)
        if cluster == NOISE:
            return ""
        middle = clusters.places.points[clusters.places.labels == cluster].mean(axis=0)
        columns = np.argsort(-middle, kind="stable")[:TYPICAL]
        typical = [f"event {self._event(int(at))}" for at in columns if middle[at] > OFTEN]
        return f"; usual in it: {', '.join(typical)}" if typical else ""

    def _shares(self, row: Floats, usual: Floats) -> list[Reason]:
        middle, total = np.median(usual, axis=0), float(self.inner.score(row[None])[0])
        told = shares(self.inner.score, row, usual, np.arange(len(row)))
        return [self._share(column, row, middle, value, total) for column, value in told]

    def _share(
        self, column: int, row: Floats, middle: Floats, value: float, total: float
    ) -> Reason:
        here, usually = (round(float(np.expm1(each[column]))) for each in (row, middle))
        text = f"event {self._event(column)} occurs {times(here)}, usually {times(usually)}: "
        return Reason(
            f"event {self._event(column)}", value, f"{text}{value:.3g} of a score of {total:.3g}"
        )

    def _named(self, reason: Reason) -> Reason:
        """A reason about a column, as one about its event."""
        feature, text = (
            _COLUMN.sub(lambda found: f"event {self._event(int(found[1]))}", each)
            for each in (reason.feature, reason.text)
        )
        return replace(reason, feature=feature, text=text)

    def _event(self, column: int) -> int:
        return column + 1 if column < self.events else 0


def vectors(sessions: Sequence[Session], events: int) -> Floats:
    """Counts of the events 1 to `events`, then of all others, as log(1 + n), (n, events + 1)."""
    rows = np.zeros((len(sessions), events + 1))
    for row, session in zip(rows, sessions, strict=True):
        for event in session:
            row[event - 1 if 0 < event <= events else events] += 1
    return np.log1p(rows)


def folded(rows: Floats, events: int) -> Floats:
    """Rows of `vectors` as those of fewer events: the others are counted with the unknown ones."""
    if rows.shape[1] <= events + 1:
        return rows
    rest = np.log1p(np.expm1(rows[:, events:]).sum(axis=1))
    return np.column_stack([rows[:, :events], rest])


def usual(sessions: Sequence[Session], events: int) -> Floats:
    """The rows of up to `USUAL` of `sessions`, evenly drawn in their order."""
    return vectors([sessions[at] for at in places(len(sessions))], events)


def places(count: int) -> list[int]:
    """Up to `USUAL` of so many, evenly drawn."""
    drawn: list[int] = np.unique(np.linspace(0, count - 1, USUAL).round().astype(np.intp)).tolist()
    return drawn


def times(count: int) -> str:
    """How often, in words."""
    return ("never", "once", "twice")[count] if count < 3 else f"{count:,} times"
