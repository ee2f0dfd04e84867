"""Sessions by how surprising each event is after the few before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from models.base import Floats, Session
from models.baseline.chain import Chain


class Markov(Chain):
    """The mean surprise of a session's events, its end among them, in nats.

    Order 5, four events looked back at, did best on events dropped, swapped, inserted and repeated
    in training sessions of HDFS, and as well as any on kinds of process that were left out of
    ADFA-LD's training traces. What an order cannot know it takes of the one below.
    """

    name: ClassVar[str] = "markov"
    source: ClassVar[str] = (
        "Ye, Zhang, Borror: Robustness of the Markov-Chain Model for Cyber-Attack Detection "
        "(2004); smoothing by Witten and Bell: The Zero-Frequency Problem (1991)"
    )

    def __init__(self, order: int = 5) -> None:
        super().__init__(order)

    def _scores(self, sessions: Sequence[Session]) -> Floats:
        return self._means(*self._flat(sessions))


class MarkovPeak(Chain):
    """The surprise of a session's most surprising event, in nats: one step is enough."""

    name: ClassVar[str] = "markov-peak"
    source: ClassVar[str] = Markov.source

    def __init__(self, order: int = 5) -> None:
        super().__init__(order)

    def _scores(self, sessions: Sequence[Session]) -> Floats:
        surprise, starts = self._flat(sessions)
        peaks: Floats = np.maximum.reduceat(surprise, starts)
        return peaks
