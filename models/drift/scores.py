"""Drift of scores: the population stability index, and Kolmogorov and Smirnov's distance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import Floats
from models.drift.drift import Drift
from models.drift.reference import Measure, Places, permuted
from models.errors import DataError

BINS = 10


def stability(
    then: Floats, now: Floats, bins: int = BINS, times: int = 199, block: int = 1, seed: int = 0
) -> Drift:
    """The population stability index of scores, in `bins` that share all of them out equally.

    The sum of (q - p) ln(q / p) over bins, half a score added to each so that none is empty
    (Siddiqi: Credit Risk Scorecards, 2006). Bins come of then and now together, or shuffling would
    not compare like with like. `block` neighbours in time are shuffled together.
    """
    values, before = _joined(then, now)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))
    labels = np.searchsorted(edges, values, side="left")
    found = permuted(
        lambda one, two: index(_counts(labels[one], len(edges)), _counts(labels[two], len(edges))),
        before, len(now), times, block, seed,
    )  # fmt: skip
    return Drift("stability of scores", *found, _middle(then, now))


def distance(then: Floats, now: Floats, times: int = 199, block: int = 1, seed: int = 0) -> Drift:
    """The largest gap between the distributions of scores (Kolmogorov 1933, Smirnov 1939)."""
    values, before = _joined(then, now)
    found = permuted(_gap_of(values), before, len(now), times, block, seed)
    return Drift("distribution of scores", *found, _middle(then, now))


def gap(then: Floats, now: Floats) -> float:
    """The value of `distance` alone, without its p: that takes a hundredth of the time."""
    values, before = _joined(then, now)
    places = np.arange(len(values))
    return _gap_of(values)(places[:before], places[before:])


def _gap_of(values: Floats) -> Measure:
    """The measure of `distance` for the places of these values."""
    _, ranks = np.unique(values, return_inverse=True)
    size = int(ranks.max()) + 1

    def gap(one: Places, two: Places) -> float:
        shares = [np.cumsum(np.bincount(ranks[each], minlength=size)) for each in (one, two)]
        return float(np.abs(shares[0] / len(one) - shares[1] / len(two)).max())

    return gap


def index(before: NDArray[Any], now: NDArray[Any]) -> float:
    """The population stability index of two rows of counts."""
    one, two = before + 0.5, now + 0.5
    one, two = one / one.sum(), two / two.sum()
    return float(((two - one) * np.log(two / one)).sum())


def _counts(labels: NDArray[np.intp], edges: int) -> NDArray[np.intp]:
    return np.bincount(labels, minlength=edges + 1)


def _joined(then: Floats, now: Floats) -> tuple[Floats, int]:
    values = np.concatenate([np.asarray(then, np.float64), np.asarray(now, np.float64)])
    if values.ndim != 1 or not np.isfinite(values).all():
        raise DataError("scores are a row of finite numbers")
    if not min(len(then), len(now)):
        raise DataError("drift needs something from then and something from now")
    return values, len(then)


def _middle(then: Floats, now: Floats) -> str:
    return f"the median was {np.median(then):.3g} and is {np.median(now):.3g}"
