"""Scores combined by what people said of earlier alerts: logistic regression.

scikit-learn fits; arrays are kept, and NumPy alone gives the probabilities.

Sources: Cox, The Regression Analysis of Binary Sequences (1958); scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, Reason, State, matrix
from models.errors import DataError, StoreError
from models.libraries import library

MOST = 700
"""Log odds beyond which a double holds no odds."""
LEAST = 0.005


class Logistic:
    """The probability that an alert is true: a weighted sum of features, put between 0 and 1."""

    def __init__(self, strength: float = 1.0) -> None:
        self.strength = strength
        self._mean: Floats = np.zeros(0)
        self._scale: Floats = np.ones(0)
        self._weights: Floats = np.zeros(0)
        self._constant = 0.0

    @property
    def columns(self) -> int:
        """How many features it is told."""
        return len(self._weights)

    @property
    def weights(self) -> Floats:
        """What one standard deviation of each feature adds to the log odds, (d,)."""
        return self._weights

    def fit(self, features: Floats, labels: NDArray[Any], weights: Floats | None = None) -> Self:
        """Learn from features (n, d) and labels (n,), true where something was found."""
        rows, labels = labelled(features, labels)
        self._mean, self._scale = rows.mean(axis=0), rows.std(axis=0)
        self._scale[self._scale == 0] = 1.0
        fitted = library("sklearn.linear_model").LogisticRegression(C=self.strength, max_iter=1_000)
        fitted.fit(self._scaled(rows), labels, sample_weight=weights)
        self._weights, self._constant = fitted.coef_[0], float(fitted.intercept_[0])
        return self

    def unweighed(self, labels: NDArray[Any], weights: Floats) -> Self:
        """Take back what `weights` (n,) did to the odds, and leave what they did to the order.

        Odds learned with them are so much too large as a true label weighed more than a false one
        (King, Zeng: Logistic Regression in Rare Events Data, 2001, prior correction).
        """
        true = np.asarray(labels, dtype=np.bool_)
        self._constant -= float(np.log(weights[true].mean() / weights[~true].mean()))
        return self

    def probability(self, features: Floats) -> Floats:
        """The probability (n,) that each is true."""
        return squash(self._scaled(matrix(features, len(self._mean))) @ self._weights
                       + self._constant)  # fmt: skip

    def explain(self, features: Floats, names: Sequence[str], most: int = 3) -> list[Reason]:
        """The features (d,) of one item that move its log odds most."""
        return reasons(self._scaled(features[None])[0] * self._weights, names, most)

    def state(self) -> State:
        """All that was learned; see `restore`."""
        arrays = {"mean": self._mean, "scale": self._scale, "weights": self._weights}
        return State({"strength": self.strength}, {"constant": self._constant}, arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The model that `state` was taken of; `StoreError` if it cannot be."""
        try:
            made = cls(**state.parameters)
            made._constant = float(state.facts["constant"])
            made._mean, made._scale, made._weights = (
                state.arrays[key] for key in ("mean", "scale", "weights")
            )
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"is no logistic regression: {error}") from error
        if not made._mean.shape == made._scale.shape == made._weights.shape == (made.columns,):
            raise StoreError("is no logistic regression: its weights are for something else")
        return made

    def _scaled(self, rows: Floats) -> Floats:
        return np.asarray((rows - self._mean) / self._scale)


def labelled(features: Floats, labels: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
    """Both checked: `DataError` where they do not fit together, or all labels are alike."""
    rows, labels = matrix(features), np.asarray(labels, dtype=np.bool_)
    if len(rows) != len(labels):
        raise DataError(f"{len(labels)} labels are told for {len(rows)} rows")
    if labels.all() or not labels.any():
        raise DataError("labels of both kinds are needed: true and false alarms")
    return rows, labels


def reasons(moves: Floats, names: Sequence[str], most: int) -> list[Reason]:
    """The features, with `names` (d,), whose moves (d,) of the log odds are the largest.

    One that leaves the odds as they are, to two digits after the point, is no reason.
    """
    order = np.argsort(-np.abs(moves), kind="stable")[:most]
    return [
        Reason(
            names[at],
            float(moves[at]),
            f"{names[at]}: {'raises' if moves[at] > 0 else 'lowers'} the odds "
            f"by a factor of {np.exp(min(abs(moves[at]), MOST)):.3g}",
        )
        for at in order
        if abs(moves[at]) >= LEAST
    ]


def squash(odds: Floats) -> Floats:
    """The probabilities of log odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -MOST, MOST))))
