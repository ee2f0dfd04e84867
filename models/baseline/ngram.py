"""Sessions by the runs of events in them that training never had."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from models.base import Detector, Floats, Reason, Session, Sessions, State, Takes, by_distinct, some
from models.baseline.grams import Hashes, blocks, hashes, in_blocks, padded
from models.baseline.words import listed, stepped
from models.errors import DataError


class _Grams(Detector[Sessions]):
    """What the two detectors below share: the distinct n-grams of training."""

    takes: ClassVar[Takes] = Takes.SESSIONS

    def __init__(self, order: int) -> None:
        if order < 1:
            raise DataError(f"an n-gram has 1 event or more, not {order}")
        self.order = order
        self._known: dict[int, Hashes] = {}

    def fit(self, data: Sessions) -> Self:
        """Remember the distinct n-grams of `data`."""
        some(data)
        self._known = {n: np.zeros(0, dtype=np.uint64) for n in self._lengths()}
        return self.partial_fit(data)

    def partial_fit(self, data: Sessions) -> Self:
        """Remember those of `data` too."""
        for block in blocks(list(dict.fromkeys(data))):
            whole = padded(block, self.order)
            rows = hashes(whole.events, self.order)
            for n, known in self._known.items():
                self._known[n] = np.union1d(known, rows[n - 1][whole.places])
        return self

    def score(self, data: Sessions) -> Floats:
        """How much of each session is made of runs that training never had."""
        return by_distinct(data, lambda distinct: in_blocks(distinct, self._scores))

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The places where what training knew is shortest; contributions are events missing."""
        session = data[at]
        missing = self._missing([session])[0]
        order = np.argsort(-missing, kind="stable")[:most]
        return [self._reason(session, int(place), int(missing[place])) for place in order]

    def state(self) -> State:
        """The hashes of the n-grams."""
        return State(self._parameters(), {}, {f"known-{n}": k for n, k in self._known.items()})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._known = {n: state.arrays[f"known-{n}"] for n in made._lengths()}
        return made

    @abstractmethod
    def _lengths(self) -> range: ...

    @abstractmethod
    def _parameters(self) -> dict[str, Any]: ...

    @abstractmethod
    def _scores(self, sessions: Sequence[Session]) -> Floats: ...

    def _flat(
        self, sessions: Sequence[Session]
    ) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.intp]]]:
        """For each place how many of the lengths have an n-gram that ends there and is new."""
        data = padded(sessions, self.order)
        rows = hashes(data.events, self.order)
        missing = np.zeros(len(data.places))
        for n, known in self._known.items():
            missing += ~np.isin(rows[n - 1][data.places], known)
        return missing, data.starts

    def _missing(self, sessions: Sequence[Session]) -> list[Floats]:
        missing, starts = self._flat(sessions)
        return np.split(missing, starts[1:])

    def _reason(self, session: Session, place: int, missing: int) -> Reason:
        longest = self._lengths()[-1]
        before = session[max(0, place - longest + 1) : place]
        known = "never came" if missing else "came before"
        return Reason(
            f"step {place + 1}",
            missing,
            f"{stepped(session, place)} {known} after {listed(before)}",
        )


class NGram(_Grams):
    """The share of a session's n-grams, of all lengths up to `order`, that training never had.

    An event after which fewer known events can be looked back at weighs more: a new event is a new
    n-gram of every length. From 0, all known, to 1, nothing known. The order was chosen as that of
    `markov`.

    shortest   the least length that counts
    distinct   each different n-gram of a session counts once, however often a loop repeats it
    """

    name: ClassVar[str] = "ngram"
    source: ClassVar[str] = (
        "Wressnegger, Schwenk, Arp, Rieck: A Close Look on n-Grams in Intrusion Detection (2013)"
    )

    def __init__(self, order: int = 5, shortest: int = 1, distinct: bool = False) -> None:
        super().__init__(order)
        if not 1 <= shortest <= order:
            raise DataError(f"the shortest n-gram has 1 to {order} events, not {shortest}")
        self.shortest, self.distinct = shortest, distinct

    def _lengths(self) -> range:
        return range(self.shortest, self.order + 1)

    def _parameters(self) -> dict[str, Any]:
        return {"order": self.order, "shortest": self.shortest, "distinct": self.distinct}

    def _scores(self, sessions: Sequence[Session]) -> Floats:
        if self.distinct:
            return self._of_distinct(sessions)
        missing, starts = self._flat(sessions)
        sizes = np.diff([*starts, len(missing)])
        shares: Floats = np.add.reduceat(missing, starts) / sizes / len(self._lengths())
        return shares

    def _of_distinct(self, sessions: Sequence[Session]) -> Floats:
        """The mean over the lengths of the share of different n-grams that are new."""
        data = padded(sessions, self.order)
        rows = hashes(data.events, self.order)
        owner = np.repeat(np.arange(len(sessions)), data.sizes)
        shares = np.zeros(len(sessions))
        for n, known in self._known.items():
            own = rows[n - 1][data.places]
            order = np.lexsort((own, owner))
            first = np.append(True, (np.diff(owner[order]) != 0) | (np.diff(own[order]) != 0))
            once = order[first]
            new = np.bincount(owner[once], ~np.isin(own[once], known), len(sessions))
            shares += new / np.bincount(owner[once], minlength=len(sessions))
        return shares / len(self._lengths())


class Stide(_Grams):
    """The most n-grams of length `order` that training never had among `frame` in a row.

    An attack inside a long session is a dense patch that its mean hides. Order 6 and a frame of 20
    are those of the paper.
    """

    name: ClassVar[str] = "stide"
    source: ClassVar[str] = (
        "Warrender, Forrest, Pearlmutter: Detecting Intrusions Using System Calls: Alternative "
        "Data Models (1999)"
    )

    def __init__(self, order: int = 6, frame: int = 20) -> None:
        super().__init__(order)
        if frame < 1:
            raise DataError(f"a locality frame has 1 n-gram or more, not {frame}")
        self.frame = frame

    def _lengths(self) -> range:
        return range(self.order, self.order + 1)

    def _parameters(self) -> dict[str, Any]:
        return {"order": self.order, "frame": self.frame}

    def _scores(self, sessions: Sequence[Session]) -> Floats:
        missing, starts = self._flat(sessions)
        total = np.concatenate([[0.0], np.cumsum(missing)])
        first = np.repeat(starts, np.diff([*starts, len(missing)]))
        ends = np.arange(len(missing)) + 1
        frames: Floats = total[ends] - total[np.maximum(ends - self.frame, first)]
        return np.maximum.reduceat(frames, starts)
