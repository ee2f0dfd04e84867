"""What detectors by a Markov chain share: the chain, and the steps it finds most surprising."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np

from models.base import Detector, Floats, Reason, Session, Sessions, State, Takes, by_distinct, some
from models.baseline.backoff import Backoff
from models.baseline.grams import in_blocks, padded
from models.baseline.words import listed, stepped
from models.errors import DataError


class Chain(Detector[Sessions]):
    """A Markov chain of `order` - 1 events' memory."""

    takes: ClassVar[Takes] = Takes.SESSIONS

    def __init__(self, order: int) -> None:
        if order < 1:
            raise DataError(f"the order of a Markov chain is 1 or more, not {order}")
        self.order = order
        self._chain = Backoff(order)

    def fit(self, data: Sessions) -> Self:
        """Count the n-grams of `data` up to `order`."""
        some(data)
        self._chain = Backoff(self.order)
        return self.partial_fit(data)

    def partial_fit(self, data: Sessions) -> Self:
        """Count those of `data` beside what is counted."""
        self._chain.learn(data)
        return self

    def score(self, data: Sessions) -> Floats:
        """How surprising each session is, in nats."""
        return by_distinct(data, lambda distinct: in_blocks(distinct, self._scores))

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The events that surprise most after those before them; contributions are in nats."""
        session = data[at]
        surprise = self._surprise([session])[0]
        order = np.argsort(-surprise, kind="stable")
        return [self._reason(session, int(place), surprise[place]) for place in order[:most]]

    def state(self) -> State:
        """Hashes of the n-grams and their counts."""
        return State({"order": self.order}, {}, self._chain.arrays())

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._chain = Backoff.restore(made.order, state)
        return made

    @abstractmethod
    def _scores(self, sessions: Sequence[Session]) -> Floats: ...

    def _flat(
        self, sessions: Sequence[Session]
    ) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.intp]]]:
        """How surprising each step of all sessions is, and where each session begins."""
        data = padded(sessions, max(self.order - 1, 1))
        return self._chain.surprise(data), data.starts

    def _means(self, steps: Floats, starts: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Floats:
        """The mean of each session's steps."""
        sizes = np.diff([*starts, len(steps)])
        return np.asarray(np.add.reduceat(steps, starts) / sizes)

    def _surprise(self, sessions: Sequence[Session]) -> list[Floats]:
        surprise, starts = self._flat(sessions)
        return np.split(surprise, starts[1:])

    def _reason(self, session: Session, place: int, surprise: float) -> Reason:
        before = session[max(0, place - self.order + 1) : place]
        return Reason(
            f"step {place + 1}",
            float(surprise),
            f"{stepped(session, place)} after {listed(before)} has a chance of "
            f"{np.exp(-surprise):.2g}",
        )
