"""From the scores of normals to p-values: how many normals score as high or higher.

p lies in (0, 1]. Among n normals the smallest share that can be counted is 1 / (n + 1); what
scores above all of them gets less by a fitted tail (`tail.py`), and is marked as extrapolated.
Small p-values underflow, so all of this works with their logarithms.

Source: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World (2005), chapter 2.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, State, some
from models.calibrate.noise import noise
from models.calibrate.tail import Tail
from models.errors import DataError, StoreError

SHARE = 0.1
"""Share of the normals to which the tail is fitted."""


class Calibrator:
    """p-values of scores, given those of normals.

    Scores may be discrete, and are the same where they differ by no more than rounding does
    (`noise.py`). By itself p counts all normals that score the same (it is never too
    small); `middle` counts half of them (mid p, which fits fusion: for many ties its mean is
    still a half).
    """

    def __init__(self, share: float = SHARE) -> None:
        self.share = share
        self._values: Floats = np.zeros(0)
        self._above: Floats = np.zeros(1)
        self._tail = Tail(0.0, 1.0, 0.0)

    @property
    def count(self) -> int:
        """How many normals there were."""
        return int(self._above[0])

    def fit(self, scores: Floats) -> Self:
        """Learn the scores (n,) of normals that the detector did not learn from."""
        some(scores)
        scores = np.asarray(scores, dtype=np.float64)
        if not np.isfinite(scores).all():
            raise DataError("a score of the normals is not finite")
        self._values, counts = np.unique(scores, return_counts=True)
        # above[i]: normals that score at least values[i]; its last element, 0, is for what is more.
        self._above = np.append(np.cumsum(counts[::-1])[::-1], 0).astype(np.float64)
        self._tail = Tail.fit(scores, self.share)
        return self

    def log_p(self, scores: Floats, middle: bool = False) -> Floats:
        """The logarithm of each score's p, at most 0."""
        scores = np.asarray(scores, dtype=np.float64)
        at_least, more = self._counts(scores)
        counted = (at_least + more) / 2 if middle else at_least
        logs = np.log((counted + 1) / (self.count + 1))
        beyond = self.extrapolated(scores)
        fall = self._tail.log_survival(scores) - self._tail.log_survival(self._values[-1:])
        return np.minimum(np.where(beyond, logs + fall, logs), 0.0)

    def p(self, scores: Floats, middle: bool = False) -> Floats:
        """Each score's p in (0, 1], as small as floats get at least."""
        return np.maximum(np.exp(self.log_p(scores, middle)), np.finfo(np.float64).tiny)

    def random_p(self, scores: Floats, rng: np.random.Generator) -> Floats:
        """p with ties broken by chance: uniform on normals also where scores are discrete."""
        at_least, more = self._counts(np.asarray(scores, dtype=np.float64))
        chance = 1 - rng.uniform(size=len(more))
        return (more + (at_least - more + 1) * chance) / (self.count + 1)

    def extrapolated(self, scores: Floats) -> NDArray[np.bool_]:
        """Which scores are above those of all normals: their p is a guess by the tail."""
        scores = np.asarray(scores, dtype=np.float64)
        return np.asarray(scores - noise(scores) > self._values[-1], dtype=np.bool_)

    def threshold(self, rate: float) -> float:
        """The least score whose p is at most `rate`: what scores it or higher is an alert.

        A rate below 1 / (n + 1) is answered by the tail, as `extrapolated` tells of the score.
        """
        if not 0 < rate < 1:
            raise DataError(f"a rate lies between 0 and 1, and {rate} does not")
        logs = self.log_p(self._values)
        if (logs <= np.log(rate)).any():
            return float(self._values[np.argmax(logs <= np.log(rate))])
        return self._beyond(np.log(rate))

    def state(self) -> State:
        """All that was learned; see `restore`."""
        tail = [self._tail.start, self._tail.scale, self._tail.shape]
        return State(
            {"share": self.share},
            {},
            {"values": self._values, "above": self._above, "tail": np.array(tail)},
        )

    @classmethod
    def restore(cls, state: State) -> Self:
        """The calibrator that `state` was taken of; `StoreError` if it cannot be."""
        try:
            made = cls(**state.parameters)
            made._values, made._above, tail = (state.arrays[k] for k in ("values", "above", "tail"))
            made._tail = Tail(*(float(each) for each in tail))
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"is no calibration: {error}") from error
        if not len(made._values) or len(made._above) != len(made._values) + 1:
            raise StoreError("is no calibration: its arrays do not fit each other")
        return made

    def _counts(self, scores: Floats) -> tuple[Floats, Floats]:
        """How many normals score at least as much, and how many more, but for noise."""
        near = noise(scores)
        left = np.searchsorted(self._values, scores - near, side="left")
        right = np.searchsorted(self._values, scores + near, side="right")
        return self._above[left], self._above[right]

    def _beyond(self, log_rate: float) -> float:
        """The score beyond all normals at which log p falls to `log_rate`."""
        low, step = float(self._values[-1]), max(self._tail.scale, 1e-12)
        high = low + step
        while self._log_p(high) > log_rate:
            step *= 2
            high = low + step
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if self._log_p(middle) > log_rate else (low, middle)
        return high

    def _log_p(self, score: float) -> float:
        return float(self.log_p(np.array([score]))[0])


def percentile(p: Any) -> Floats:
    """What people are shown: 100 · (1 - p)."""
    return 100.0 * (1.0 - np.asarray(p, dtype=np.float64))
