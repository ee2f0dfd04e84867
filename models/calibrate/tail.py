"""The tail of scores beyond those that training saw: a generalised Pareto distribution.

Source: Pickands (1975) for the distribution; Hosking and Wallis, Parameter and Quantile Estimation
for the Generalized Pareto Distribution (Technometrics 29, 1987) for its fit by weighted moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from models.base import Floats
from models.calibrate.noise import noise

FEWEST = 30
"""Excesses below which no shape is fitted, and the tail is exponential."""
HEAVIEST = 0.5
"""The largest shape: a heavier tail has no variance, and the fit says little there."""
FARTHEST = 1e100
"""Scores beyond which all are as strange: sums and squares of larger ones overflow."""
NARROWEST = 1e-100
"""The smallest scale."""


@dataclass(frozen=True, slots=True)
class Tail:
    """How the share of scores above `start` falls: P(S > s | S > start), in logarithms."""

    start: float
    scale: float
    shape: float

    @classmethod
    def fit(cls, scores: Floats, share: float) -> Self:
        """The tail of the highest `share` of `scores`, an array (n,) that is not empty.

        Where there is no spread to learn from, the scale is that of all scores, at last 1: the
        order of scores is kept, and what is said of their p is no more than a convention.
        """
        scores = _bounded(scores)
        start = float(np.quantile(scores, 1 - share, method="lower"))
        excess = np.sort(scores[scores > start + float(noise(np.array(start)))]) - start
        if len(excess) < 2:
            return cls(start, _spread(scores), 0.0)
        mean = max(float(excess.mean()), NARROWEST)
        if len(excess) < FEWEST:
            return cls(start, mean, 0.0)
        return cls(start, *_weighted_moments(excess))

    def log_survival(self, scores: Floats) -> Floats:
        """The logarithm of the share above each score, among those above `start`; at most 0."""
        excess = np.maximum(_bounded(scores) - self.start, 0.0) / self.scale
        if self.shape == 0:
            return -excess
        return -np.log1p(self.shape * excess) / self.shape


def _spread(scores: Floats) -> float:
    spread = float(scores.std())
    return spread if spread > float(noise(scores.mean())) else 1.0


def _weighted_moments(excess: Floats) -> tuple[float, float]:
    """Scale and shape for sorted excesses, by probability-weighted moments."""
    above = 1 - (np.arange(1, len(excess) + 1) - 0.35) / len(excess)
    mean, weighted = float(excess.mean()), float((above * excess).mean())
    if mean <= NARROWEST:
        return NARROWEST, 0.0
    # A negative shape has an end, beyond which p would be 0: exponential instead.
    shape = min(max(2 - mean / (mean - 2 * weighted), 0.0), HEAVIEST)
    return mean * (1 - shape), shape


def _bounded(scores: Floats) -> Floats:
    return np.clip(scores, -FARTHEST, FARTHEST)
