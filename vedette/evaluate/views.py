"""A part's data in the form that a detector takes.

SESSIONS  the sessions themselves
VECTORS   log(1 + how often each event occurs), with a column for all that training never saw
TEXTS     each session's messages; it is as strange as the strangest of them
VOLUMES   how much an entity has in each window, and had before, where windows are of time
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import Detector, Floats, Sessions, Takes, by_distinct
from models.errors import DataError
from vedette.evaluate.part import Part, Trial

View = Callable[[Part], Any]
Make = Callable[[], Detector[Any]]


def view(takes: Takes, trial: Trial) -> View | None:
    """How a part of `trial` becomes what such a detector takes; None where it cannot."""
    if takes is Takes.SESSIONS:
        return lambda part: list(part.sessions)
    if takes is Takes.VECTORS:
        known = sorted({event for session in trial.train.sessions for event in session})
        return lambda part: vectors(part.sessions, known)
    if takes is Takes.TEXTS and trial.train.texts is not None:
        return lambda part: list(part.texts or ())
    if takes is Takes.VOLUMES and trial.train.volumes is not None:
        return lambda part: list(part.volumes or ())
    return None


def vectors(sessions: Sequence[tuple[int, ...]], known: Sequence[int]) -> Floats:
    """Counts of the `known` events and, in the last column, of all others, as log(1 + n)."""
    column = {event: at for at, event in enumerate(known)}
    rows = np.zeros((len(sessions), len(known) + 1))
    for row, session in zip(rows, sessions, strict=True):
        for event in session:
            row[column.get(event, -1)] += 1
    return np.log1p(rows)


class Strangest:
    """A detector of texts, asked about sessions of texts: as strange as the strangest one.

    It learns each text once for each of the first `MOST` sessions that have it: how common a text
    is counts, but not without end.
    """

    MOST = 20

    def __init__(self, inner: Detector[Any]) -> None:
        self.inner = inner

    def fit(self, data: Sequence[tuple[str, ...]]) -> Strangest:
        """Learn the texts of the sessions."""
        times: dict[str, int] = {}
        for texts in data:
            for text in dict.fromkeys(texts):
                times[text] = min(times.get(text, 0) + 1, self.MOST)
        if not times:
            raise DataError("the sessions have no text")
        self.inner.fit([text for text, count in times.items() for _ in range(count)])
        return self

    def score(self, data: Sequence[tuple[str, ...]]) -> Floats:
        """The highest score among each session's texts; without one, the lowest of all."""
        distinct = list(dict.fromkeys(text for texts in data for text in texts))
        scores = dict(zip(distinct, self.inner.score(distinct), strict=True))
        lowest = min(scores.values(), default=0.0)
        return by_distinct(
            list(data),
            lambda keys: np.array([max((scores[t] for t in key), default=lowest) for key in keys]),
        )


def adapted(detector: Detector[Any]) -> Any:
    """The detector, able to take what `view` gives."""
    return Strangest(detector) if detector.takes is Takes.TEXTS else detector


def unseen(train: Sessions, test: Sessions) -> NDArray[np.bool_]:
    """Which sessions of `test` occur nowhere in `train`, shape (n,)."""
    known = set(train)
    return np.array([session not in known for session in test], dtype=np.bool_)
