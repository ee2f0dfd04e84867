"""Windows in the form that a detector takes.

SESSIONS  the numbers of the window's events
VECTORS   log(1 + how often each event occurs), with a last column for all that training never saw
          (`counted.py`); where the plan chooses features, these (`featured.py`)
TEXTS     the texts of the window's events: it is as strange as the strangest of them
EDGES     the edges of the window's events, which are not told by their numbers
VOLUMES   how many events the window's entity has, and had in the windows before
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from models.base import Detector, Floats, Reason, Session, Sessions, Takes, by_distinct
from models.bundle.counted import Counted
from models.bundle.featured import Featured
from models.bundle.features import Features
from models.errors import DataError

MOST = 20
"""Times that one text is learned: how common it is counts, but not without end."""


class Windowed(Protocol):
    """A detector that is asked about windows: sessions of event numbers, graphs, or volumes."""

    def fit(self, data: Any) -> Any:
        """Learn from windows."""

    def score(self, data: Any) -> Floats:
        """How strange each is."""

    def explain(self, data: Any, at: int, most: int = 3) -> list[Reason]:
        """Why one scored as it did."""


def windowed(
    detector: Detector[Any],
    texts: Sequence[str],
    usual: Floats | None = None,
    features: Features | None = None,
) -> Windowed:
    """`detector`, able to take windows; `texts` are those of the numbers from 1 on.

    `usual` are the rows of ordinary windows that one of vectors explains strange ones by, and
    `features` what it looks at, where that is not counts alone.
    """
    if detector.takes in (Takes.SESSIONS, Takes.EDGES, Takes.VOLUMES):
        return detector
    if detector.takes is Takes.VECTORS:
        if features is not None:
            return Featured(detector, features, usual)
        return Counted(detector, len(texts), usual)
    return Strangest(detector, texts)


class Strangest:
    """A detector of texts, asked about sessions: as strange as the strangest of their events.

    An event that training never saw has no text here, and scores like the strangest that has one:
    to say that it is new is for others.
    """

    def __init__(self, inner: Detector[Any], texts: Sequence[str]) -> None:
        self.inner, self.texts = inner, texts
        self._scores: Floats | None = None

    def fit(self, data: Sessions) -> Strangest:
        """Learn the texts of the sessions, each for up to `MOST` sessions that have it."""
        times: dict[int, int] = {}
        for session in data:
            for event in dict.fromkeys(session):
                times[event] = min(times.get(event, 0) + 1, MOST)
        learned = [self.texts[e - 1] for e, n in times.items() if self._known(e) for _ in range(n)]
        if not learned:
            raise DataError("the events have no text")
        self.inner.fit(learned)
        self._scores = None
        return self

    def score(self, data: Sessions) -> Floats:
        """The highest score among each session's events; the lowest of all without events."""
        scores = self._by_number()
        lowest = float(scores[1:].min(initial=0.0))

        def highest(keys: list[Session]) -> Floats:
            return np.array([max((scores[self._slot(e)] for e in k), default=lowest) for k in keys])

        return by_distinct(data, highest)

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The reasons for the strangest event."""
        scores = self._by_number()
        worst = max(data[at], key=lambda event: scores[self._slot(event)], default=0)
        if not self._known(worst):
            return [Reason("event 0", 0.0, "an event that training never saw")]
        return self.inner.explain([self.texts[worst - 1]], 0, most)

    def _by_number(self) -> Floats:
        if self._scores is None:
            scores = self.inner.score(list(self.texts))
            self._scores = np.concatenate([[scores.max(initial=0.0)], scores])
        return self._scores

    def _known(self, event: int) -> bool:
        return 0 < event <= len(self.texts)

    def _slot(self, event: int) -> int:
        return event if self._known(event) else 0
