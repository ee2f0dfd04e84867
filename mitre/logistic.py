"""Logistic regression by Newton's method: a few features to a probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

ROUNDS = 30
PENALTY = 1.0
"""Of the squared weights, in units of one example; the intercept is free."""


def fit(features: Doubles, held: NDArray[np.bool_]) -> Doubles:
    """Weights (columns + 1,) of features (n, columns), the intercept last."""
    rows = _with_one(features)
    weights = np.zeros(rows.shape[1])
    penalty = np.full(rows.shape[1], PENALTY)
    penalty[-1] = 1e-6
    for _ in range(ROUNDS):
        chance = _sigmoid(rows @ weights)
        slope = rows.T @ (chance - held) + penalty * weights
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def chance(features: Doubles, weights: Doubles) -> Doubles:
    """The probability of each row, (n,)."""
    return _sigmoid(_with_one(features) @ weights)


def _with_one(features: Doubles) -> Doubles:
    return np.column_stack([features, np.ones(len(features))])


def _sigmoid(values: Doubles) -> Doubles:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -40, 40))))
