"""Scores combined by what people said of earlier alerts: logistic regression and boosted trees.

scikit-learn fits; arrays are kept, and NumPy alone gives the probabilities.

Sources: Cox, The Regression Analysis of Binary Sequences (1958); Friedman, Greedy Function
Approximation: A Gradient Boosting Machine (2001); scikit-learn.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, Reason, State, matrix
from models.errors import DataError, StoreError
from models.libraries import library


class Logistic:
    """The probability that an alert is true: a weighted sum of features, put between 0 and 1."""

    def __init__(self, strength: float = 1.0) -> None:
        self.strength = strength
        self._mean: Floats = np.zeros(0)
        self._scale: Floats = np.ones(0)
        self._weights: Floats = np.zeros(0)
        self._constant = 0.0

    def fit(self, features: Floats, labels: NDArray[Any], weights: Floats | None = None) -> Self:
        """Learn from features (n, d) and labels (n,), true where something was found."""
        rows, labels = _labelled(features, labels)
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
        return _squash(self._scaled(matrix(features, len(self._mean))) @ self._weights
                       + self._constant)  # fmt: skip

    def explain(self, features: Floats, names: list[str], most: int = 3) -> list[Reason]:
        """The features (d,) of one item that move its log odds most."""
        moves = self._scaled(features[None])[0] * self._weights
        order = np.argsort(-np.abs(moves), kind="stable")[:most]
        return [
            Reason(
                names[at],
                float(moves[at]),
                f"{names[at]} {'raises' if moves[at] > 0 else 'lowers'} the odds "
                f"by a factor of {np.exp(abs(moves[at])):.3g}",
            )
            for at in order
        ]

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
        return made

    def _scaled(self, rows: Floats) -> Floats:
        return np.asarray((rows - self._mean) / self._scale)


class Boosting:
    """The probability that an alert is true: many small trees, each of which mends the last."""

    def __init__(self, trees: int = 100, depth: int = 3, rate: float = 0.1, seed: int = 0) -> None:
        self.trees, self.depth, self.rate, self.seed = trees, depth, rate, seed
        self._columns = 0
        self._start = 0.0
        self._arrays: dict[str, NDArray[Any]] = {}

    def fit(self, features: Floats, labels: NDArray[Any], weights: Floats | None = None) -> Self:
        """Learn from features (n, d) and labels (n,), true where something was found."""
        rows, labels = _labelled(features, labels)
        fitted = library("sklearn.ensemble").GradientBoostingClassifier(
            n_estimators=self.trees,
            max_depth=self.depth,
            learning_rate=self.rate,
            random_state=self.seed,
        )
        fitted.fit(rows.astype(np.float32), labels, sample_weight=weights)
        share = float(np.average(labels, weights=weights))
        self._columns, self._start = rows.shape[1], float(np.log(share / (1 - share)))
        self._arrays = _exported([each[0].tree_ for each in fitted.estimators_])
        return self

    def probability(self, features: Floats) -> Floats:
        """The probability (n,) that each is true."""
        # scikit-learn compares in single precision; a double could fall on the other side.
        rows = matrix(features, self._columns).astype(np.float32)
        total = np.full(len(rows), self._start)
        for root in self._arrays["roots"]:
            total += self.rate * self._arrays["value"][self._leaves(rows, int(root))]
        return _squash(total)

    def state(self) -> State:
        """All that was learned; see `restore`."""
        parameters = {k: getattr(self, k) for k in ("trees", "depth", "rate", "seed")}
        return State(parameters, {"columns": self._columns, "start": self._start}, self._arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The model that `state` was taken of; `StoreError` if it cannot be."""
        try:
            made = cls(**state.parameters)
            made._columns, made._start = int(state.facts["columns"]), float(state.facts["start"])
            made._arrays = {key: state.arrays[key] for key in ("roots", *_NODES)}
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"is no boosting: {error}") from error
        if not _sound(made._arrays, made._columns):
            raise StoreError("is no boosting: its trees lead nowhere")
        return made

    def _leaves(self, rows: NDArray[np.float32], root: int) -> NDArray[np.intp]:
        at = np.full(len(rows), root, dtype=np.intp)
        for _ in range(self.depth):
            column = self._arrays["feature"][at]
            inner = column >= 0
            value = rows[np.arange(len(rows)), np.where(inner, column, 0)]
            left = value <= self._arrays["threshold"][at]
            below = np.where(left, self._arrays["left"][at], self._arrays["right"][at])
            at = np.where(inner, below, at)
        return at


_NODES = ("feature", "threshold", "left", "right", "value")


def _exported(trees: list[Any]) -> dict[str, NDArray[Any]]:
    """All nodes of all trees in a row; children are places in it, a leaf's feature is below 0."""
    roots = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1]
    pairs = list(zip(trees, roots, strict=True))
    return {
        "roots": roots,
        "feature": np.concatenate([tree.feature for tree in trees]),
        "threshold": np.concatenate([tree.threshold for tree in trees]),
        "left": np.concatenate([tree.children_left + root for tree, root in pairs]),
        "right": np.concatenate([tree.children_right + root for tree, root in pairs]),
        "value": np.concatenate([tree.value[:, 0, 0] for tree in trees]),
    }


def _sound(arrays: dict[str, NDArray[Any]], columns: int) -> bool:
    """Whether every inner node leads to nodes and asks for a column that there is."""
    inner = arrays["feature"] >= 0
    nodes = len(inner)
    places = [arrays["left"][inner], arrays["right"][inner], arrays["roots"]]
    return (
        all(len(arrays[key]) == nodes for key in _NODES)
        and all(((each >= 0) & (each < nodes)).all() for each in places)
        and bool((arrays["feature"][inner] < columns).all())
    )


def _labelled(features: Floats, labels: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
    rows, labels = matrix(features), np.asarray(labels, dtype=np.bool_)
    if len(rows) != len(labels):
        raise DataError(f"{len(labels)} labels are told for {len(rows)} rows")
    if labels.all() or not labels.any():
        raise DataError("labels of both kinds are needed: true and false alarms")
    return rows, labels


def _squash(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -700, 700))))
