"""Windows and sessions by how rare their events are, and how rare it is that there are so many."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from math import fsum
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Detector, Floats, Reason, Session, Sessions, State, Takes, by_distinct, some
from models.baseline.words import times
from models.errors import DataError

Counts = dict[int, int]
"""In how many sessions an event occurs so many times; those without it are left out."""

MOST_KNOWN = 100_000
"""Pairs of event and count whose surprise is kept in memory."""


class _Tails(Detector[Sessions]):
    """What the two detectors below share: for each event, how often it occurs how many times."""

    takes: ClassVar[Takes] = Takes.SESSIONS
    source: ClassVar[str]

    def __init__(self) -> None:
        self._counts: dict[int, Counts] = {}
        self._sessions = 0
        self._tables: dict[int, tuple[NDArray[Any], Floats]] = {}
        self._known: dict[tuple[int, int], float] = {}
        """What events and their counts were found to add."""
        self._silence: float | None = None
        """What a session without events would score."""

    def fit(self, data: Sessions) -> Self:
        """Count how many times each event occurs in each session of `data`."""
        some(data)
        self._counts, self._sessions = {}, 0
        return self.partial_fit(data)

    def partial_fit(self, data: Sessions) -> Self:
        """Count those of `data` beside what is counted."""
        for session, repeats in Counter(data).items():
            for event, count in Counter(session).items():
                known = self._counts.setdefault(event, {})
                known[count] = known.get(count, 0) + repeats
        self._sessions += len(data)
        self._tables, self._known, self._silence = {}, {}, None
        return self

    def score(self, data: Sessions) -> Floats:
        """The sum of what each event of a session adds, in nats."""
        return by_distinct(data, lambda distinct: np.array([*map(self._sum, distinct)]))

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The events that add most."""
        counts = Counter(data[at])
        parts = sorted(self._parts(data[at]).items(), key=lambda part: (-part[1], part[0]))
        reasons = [self._reason(event, counts[event], part) for event, part in parts[:most]]
        return reasons or [Reason("no event", 0.0, "nothing here is rare")]

    def state(self) -> State:
        """For each event and number of times, the sessions in which it occurred so often."""
        rows = [
            (event, count, sessions)
            for event, known in sorted(self._counts.items())
            for count, sessions in sorted(known.items())
        ]
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        return State(self._parameters(), {"sessions": self._sessions}, {"counts": table})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._sessions = int(state.facts["sessions"])
        for event, count, sessions in state.arrays["counts"].tolist():
            made._counts.setdefault(event, {})[count] = sessions
        return made

    def _parameters(self) -> dict[str, Any]:
        return {}

    def _sum(self, session: Session) -> float:
        # Exact sums do not depend on the order in which events were learned.
        return fsum(self._parts(session).values())

    @abstractmethod
    def _parts(self, session: Session) -> Mapping[int, float]: ...

    def _reason(self, event: int, count: int, part: float) -> Reason:
        known = self._counts.get(event, {})
        sessions = sum(known.values())
        if not known:
            said = "never came before"
        elif count > max(known):
            said = f"never came more than {times(max(known))} before"
        else:
            said = f"came in {sessions:,} of {self._sessions:,} sessions"
        here = f"here {times(count)}" if count else "missing here"
        return Reason(f"event {event}", float(part), f"event {event}, {here}, {said}")

    def _table(self, event: int) -> tuple[NDArray[Any], Floats]:
        """How many times `event` occurred, rising, and the sessions with as many or more."""
        if event not in self._tables:
            known = sorted(self._counts.get(event, {0: 0}).items())
            counts = np.array([count for count, _ in known])
            self._tables[event] = counts, np.cumsum([n for _, n in known][::-1])[::-1].astype(float)
        return self._tables[event]


class EventRarity(_Tails):
    """The sum of -ln p over a session's different events, in nats.

    p is the share of training's sessions that have the event, (k + ½) / (n + 1), so that one that
    none had is rarer than one that a single session had. How often it occurs does not count.
    """

    name: ClassVar[str] = "event-rarity"
    source: ClassVar[str] = (
        "Denning: An Intrusion-Detection Model (1987), as a sum of self-informations; smoothing by "
        "Krichevsky and Trofimov (1981)"
    )

    def _parts(self, session: Session) -> Mapping[int, float]:
        return {event: self._rarity(event) for event in set(session)}

    def _rarity(self, event: int) -> float:
        sessions = sum(self._counts.get(event, {}).values())
        return -float(np.log((sessions + 0.5) / (self._sessions + 1)))


class CountTail(_Tails):
    """The sum of -ln p over events, in nats; p is the chance of a count so extreme.

    For an event that occurs, of as many or more; for one that does not, of its absence, if that is
    the rarer end. Both ends are doubled, as two-sided tests are, and never above 1. More than
    training ever had is believed to grow rarer as a Pareto tail of exponent `tail`: counts of
    events have heavy tails, and 2 is the least that gives them a mean and no variance.
    """

    name: ClassVar[str] = "count-tail"
    source: ClassVar[str] = (
        "Denning: An Intrusion-Detection Model (1987), operational model on event counters; tail "
        "as in Clauset, Shalizi, Newman: Power-Law Distributions in Empirical Data (2009)"
    )

    def __init__(self, tail: float = 2.0) -> None:
        super().__init__()
        if not tail > 0:
            raise DataError(f"the exponent of a tail is above 0, not {tail}")
        self.tail = tail

    def _parameters(self) -> dict[str, Any]:
        return {"tail": self.tail}

    def _parts(self, session: Session) -> Mapping[int, float]:
        counts = Counter(session)
        parts = {event: self._surprise(event, count) for event, count in counts.items()}
        for event in self._counts:
            if event not in parts:
                parts[event] = self._surprise(event, 0)
        return {event: part for event, part in parts.items() if part > 0}

    def _sum(self, session: Session) -> float:
        if self._silence is None:
            self._silence = fsum(self._surprise(event, 0) for event in self._counts)
        parts = [self._silence]
        for event, count in Counter(session).items():
            parts.append(self._surprise(event, count))
            if event in self._counts:
                parts.append(-self._surprise(event, 0))
        return max(0.0, fsum(parts))

    def _surprise(self, event: int, count: int) -> float:
        found = self._known.get((event, count))
        if found is None:
            # Bounded, should the counts of hostile sessions never repeat.
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[event, count] = self._computed(event, count)
        return found

    def _computed(self, event: int, count: int) -> float:
        counts, above = self._table(event)
        at = int(np.searchsorted(counts, count))
        more = above[at] if at < len(above) else 0.0
        after = int(np.searchsorted(counts, count, side="right"))
        less = self._sessions - (above[after] if after < len(above) else 0.0)
        if count == 0:
            more = self._sessions
        chance = min(more, less)
        log = np.log((chance + 0.5) / (self._sessions + 1))
        if at == len(above):
            log -= self.tail * np.log(count / max(counts[-1], 1))
        return max(0.0, -float(log) - float(np.log(2)))
