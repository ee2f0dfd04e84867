"""Odds of a model made probabilities, by a line through its log odds.

The line is learned of items that the model was not fitted on: of those it learned by heart it is
too sure. It never falls, so that what is more likely stays so; where the odds say nothing of other
items it is level, and all are as likely as the share of true ones.

Sources: Platt, Probabilistic Outputs for Support Vector Machines (1999), whose targets keep few
items from being believed without end; Lin, Lin, Weng: A Note on Platt's Probabilistic Outputs
(2007).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats
from models.errors import DataError

FOLDS = 5
"""Parts of the items, each of which is told the odds of by a model of the others."""
STEPS, CLOSE, LEAST = 100, 1e-10, 1e-12


@dataclass(frozen=True, slots=True)
class Line:
    """The log odds that `slope` and `constant` make of those of a model."""

    slope: float = 1.0
    constant: float = 0.0

    @classmethod
    def fit(cls, odds: Floats, labels: NDArray[np.bool_]) -> Self:
        """The likeliest line from log odds (n,) of items to their labels (n,) of both kinds."""
        true, false = int(labels.sum()), int((~labels).sum())
        wanted = np.where(labels, (true + 1) / (true + 2), 1 / (false + 2))
        level = float(wanted.mean())
        flat = float(np.log(level / (1 - level)))
        middle, spread = float(odds.mean()), float(odds.std())
        if spread == 0:
            return cls(0.0, flat)
        slope, constant = _newton((odds - middle) / spread, wanted, flat)
        if slope <= 0:
            return cls(0.0, flat)
        return cls(slope / spread, constant - slope * middle / spread)

    def __call__(self, odds: Floats) -> Floats:
        """The log odds of others, (n,)."""
        return np.asarray(self.slope * odds + self.constant)


def apart(
    odds: Callable[[NDArray[np.intp], NDArray[np.intp]], Floats], labels: NDArray[Any]
) -> Floats:
    """The log odds (n,) of all items, each by a model that was not fitted on it.

    `odds(fitted, asked)` fits a model on the items at the first places and gives the log odds of
    those at the second. Parts are stretches of the true and of the false ones as they come, since
    neighbours are alike. `DataError` where there are not two of either kind.
    """
    told = np.asarray(labels, dtype=np.bool_)
    rarer = int(min(told.sum(), (~told).sum()))
    if rarer < 2:
        raise DataError(f"two labels of either kind are needed at least, not {rarer}")
    folds, part, found = min(FOLDS, rarer), np.zeros(len(told), dtype=np.intp), np.zeros(len(told))
    for places in (np.flatnonzero(told), np.flatnonzero(~told)):
        part[places] = np.arange(len(places)) * folds // len(places)
    for fold in range(folds):
        asked = np.flatnonzero(part == fold)
        found[asked] = odds(np.flatnonzero(part != fold), asked)
    return found


def _newton(x: Floats, wanted: Floats, start: float) -> tuple[float, float]:
    """Slope and constant of the least cross-entropy; steps are halved until they gain."""
    rows = np.stack([x, np.ones_like(x)], axis=1)
    at, before = np.array([0.0, start]), _loss(rows @ np.array([0.0, start]), wanted)
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(rows @ at, -700, 700)))
        slope = rows.T @ (p - wanted)
        bend = (rows * (p * (1 - p))[:, None]).T @ rows + LEAST * np.eye(2)
        step = np.linalg.solve(bend, slope)
        while (after := _loss(rows @ (at - step), wanted)) > before and np.abs(step).max() > CLOSE:
            step = step / 2
        if after >= before - CLOSE:
            break
        at, before = at - step, after
    return float(at[0]), float(at[1])


def _loss(odds: Floats, wanted: Floats) -> float:
    return float((np.logaddexp(0, odds) - wanted * odds).sum())
