"""Sessions with events that training never had."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Self

import numpy as np

from models.base import Detector, Floats, Reason, Session, Sessions, State, Takes, by_distinct, some
from models.baseline.words import times


class NewValue(Detector[Sessions]):
    """The number of different events in a session that training never had, rarity behind the point.

    One new event outweighs all rare ones: these only put sessions with as many new events in an
    order. The part behind the point is the share of training's sessions without the rarest event.
    """

    name: ClassVar[str] = "new-value"
    takes: ClassVar[Takes] = Takes.SESSIONS
    source: ClassVar[str] = (
        "Landauer and others: AMiner: A Modular Log Data Analysis Pipeline for Anomaly-based "
        "Intrusion Detection (2023), new match path and new value detectors"
    )

    def __init__(self) -> None:
        self._seen: Counter[int] = Counter()
        self._sessions = 0

    def fit(self, data: Sessions) -> Self:
        """Count the sessions of `data` in which each event occurs."""
        some(data)
        self._seen, self._sessions = Counter(), 0
        return self.partial_fit(data)

    def partial_fit(self, data: Sessions) -> Self:
        """Count those of `data` beside what is counted."""
        for session in data:
            self._seen.update(set(session))
        self._sessions += len(data)
        return self

    def score(self, data: Sessions) -> Floats:
        """New events of each session, with its rarest known one behind the point."""
        return by_distinct(
            data, lambda distinct: np.array([self._score(each) for each in distinct])
        )

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The new events and the rarest known ones."""
        session = data[at]
        events = sorted(set(session), key=lambda event: (self._seen[event], event))
        reasons = [self._reason(session, event) for event in events[:most]]
        return reasons or [Reason("no event", 0.0, "the session has no events")]

    def state(self) -> State:
        """The events, the sessions that each occurs in, and the number of all."""
        events = sorted(self._seen)
        arrays = {
            "events": np.array(events, dtype=np.int64),
            "seen": np.array([self._seen[event] for event in events], dtype=np.int64),
        }
        return State({}, {"sessions": self._sessions}, arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        pairs = zip(state.arrays["events"].tolist(), state.arrays["seen"].tolist(), strict=True)
        made._seen, made._sessions = Counter(dict(pairs)), int(state.facts["sessions"])
        return made

    def _score(self, session: Session) -> float:
        counts = [self._seen.get(event, 0) for event in set(session)]
        known = [count for count in counts if count]
        rarest = 1 - min(known) / (self._sessions + 1) if known else 0.0
        return counts.count(0) + rarest

    def _reason(self, session: Session, event: int) -> Reason:
        seen, here = self._seen.get(event, 0), times(session.count(event))
        if not seen:
            return Reason(f"event {event}", 1.0, f"event {event}, here {here}, never came before")
        share = 1 - seen / (self._sessions + 1)
        return Reason(
            f"event {event}",
            share,
            f"event {event}, here {here}, came in {seen:,} of {self._sessions:,} sessions",
        )
