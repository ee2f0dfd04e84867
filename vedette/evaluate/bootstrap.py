"""What a threshold achieved, with bounds from resampled blocks.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993). What belongs together (a
session; the windows of a host that follow each other) is drawn together.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from models.base import Floats
from models.calibrate.binomial import interval
from vedette.evaluate.measure import Achieved, Mask

BOUNDS = (2.5, 97.5)


def achieved(
    flagged: Mask,
    labels: Mask,
    weights: Floats,
    blocks: Sequence[Hashable],
    draws: int = 1_000,
    seed: int = 0,
) -> Achieved:
    """What alerts where `flagged` (n,) come to, against `labels` (n,)."""
    sums = _block_sums(flagged, labels, weights, blocks)
    true, false, positives, negatives = sums.sum(axis=0)
    drawn = _drawn(sums, draws, np.random.default_rng(seed))
    low, high = _bounds(_ratio(drawn[:, 1], drawn[:, 3]))
    if false == 0:
        high = interval(0, int((~labels).sum()))[1]
    return Achieved(
        precision=_one(true, true + false),
        recall=_one(true, positives),
        f1=_one(2 * true, true + false + positives),
        fpr=_one(false, negatives),
        recall_bounds=_bounds(_ratio(drawn[:, 0], drawn[:, 2])),
        f1_bounds=_bounds(_ratio(2 * drawn[:, 0], drawn[:, 0] + drawn[:, 1] + drawn[:, 2])),
        fpr_bounds=(low, high),
    )


def _block_sums(flagged: Mask, labels: Mask, weights: Floats, blocks: Sequence[Hashable]) -> Floats:
    """Weighed hits, false alarms, attacks and normals of each block, shape (blocks, 4)."""
    places: dict[Hashable, int] = {}
    at = np.array([places.setdefault(block, len(places)) for block in blocks], dtype=np.intp)
    columns = (flagged & labels, flagged & ~labels, labels, ~labels)
    return np.stack(
        [np.bincount(at, np.where(each, weights, 0.0), len(places)) for each in columns], axis=1
    )


def _drawn(sums: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """The sums of as many blocks drawn with replacement, shape (draws, 4).

    Equal blocks are drawn as one kind, so that twenty thousand sessions cost no more than ten.
    """
    kinds, counts = np.unique(sums, axis=0, return_counts=True)
    times = rng.multinomial(len(sums), counts / len(sums), size=draws)
    return np.asarray(times @ kinds)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _one(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _bounds(values: Floats) -> tuple[float, float]:
    low, high = np.percentile(values, BOUNDS)
    return float(low), float(high)
