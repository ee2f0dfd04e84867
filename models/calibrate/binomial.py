"""How sure a counted share is: the interval of Clopper and Pearson.

Source: Clopper and Pearson, The Use of Confidence or Fiducial Limits Illustrated in the Case of the
Binomial (Biometrika 26, 1934).
"""

from __future__ import annotations

import math


def interval(hits: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of the rate of which `hits` of `count` were seen."""
    if count == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _rate(hits - 1, count, 1 - tail)
    high = 1.0 if hits == count else _rate(hits, count, tail)
    return low, high


def at_most(hits: int, count: int, rate: float) -> float:
    """The probability of at most `hits` of `count` when each has probability `rate`."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return float(hits >= count)
    log, rest = math.log(rate), math.log1p(-rate)
    whole = math.lgamma(count + 1)
    return math.fsum(
        math.exp(
            whole - math.lgamma(k + 1) - math.lgamma(count - k + 1) + k * log + (count - k) * rest
        )
        for k in range(hits + 1)
    )


def _rate(hits: int, count: int, probability: float) -> float:
    """The rate at which at most `hits` of `count` have that probability."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(hits, count, middle) > probability else (low, middle)
    return (low + high) / 2
