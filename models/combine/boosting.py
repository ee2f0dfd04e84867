"""Scores combined by what people said of earlier alerts: boosted trees.

scikit-learn fits; arrays are kept, and NumPy alone gives the probabilities.

Sources: Friedman, Greedy Function Approximation: A Gradient Boosting Machine (2001); scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, Reason, State, matrix
from models.combine.platt import Line, apart
from models.combine.supervised import labelled, reasons, squash
from models.errors import StoreError
from models.libraries import library


class Boosting:
    """The probability that an alert is true: many small trees, each of which mends the last."""

    def __init__(self, trees: int = 100, depth: int = 3, rate: float = 0.1, seed: int = 0) -> None:
        self.trees, self.depth, self.rate, self.seed = trees, depth, rate, seed
        self._columns = 0
        self._start = 0.0
        self._line = Line()
        self._usual: Floats = np.zeros(0)
        self._arrays: dict[str, NDArray[Any]] = {}

    @property
    def columns(self) -> int:
        """How many features it is told."""
        return self._columns

    def fit(self, features: Floats, labels: NDArray[Any], weights: Floats | None = None) -> Self:
        """Learn from features (n, d) and labels (n,), true where something was found.

        Of these items it is surer than of others: see `calibrated`.
        """
        rows, labels = labelled(features, labels)
        fitted = library("sklearn.ensemble").GradientBoostingClassifier(
            n_estimators=self.trees,
            max_depth=self.depth,
            learning_rate=self.rate,
            random_state=self.seed,
        )
        fitted.fit(rows.astype(np.float32), labels, sample_weight=weights)
        share = float(np.average(labels, weights=weights))
        self._columns, self._start = rows.shape[1], float(np.log(share / (1 - share)))
        self._line, self._usual = Line(), np.median(rows, axis=0)
        self._arrays = _exported([each[0].tree_ for each in fitted.estimators_])
        return self

    def calibrated(
        self, features: Floats, labels: NDArray[Any], weights: Floats | None = None
    ) -> Self:
        """`fit`, and make probabilities of the odds by items that did not teach them (`platt.py`).

        Items come in their order of time. `weights` move the trees alone: odds are about labels as
        they came. `DataError` where there are not two of either kind.
        """
        self.fit(features, labels, weights)
        rows, known = labelled(features, labels)

        def odds(fitted: NDArray[np.intp], asked: NDArray[np.intp]) -> Floats:
            other = type(self)(self.trees, self.depth, self.rate, self.seed)
            part = None if weights is None else weights[fitted]
            return other.fit(rows[fitted], known[fitted], part)._odds(rows[asked])

        self._line = Line.fit(apart(odds, known), known)
        return self

    def probability(self, features: Floats) -> Floats:
        """The probability (n,) that each is true."""
        return squash(self._odds(features))

    def moves(self, features: Floats) -> Floats:
        """How much each feature (n, d) moves its item's log odds, (n, d).

        That is by how much the log odds are higher than with the feature's median of all that was
        learned in its place. Trees let features depend on each other: moves need not add up.
        """
        rows = matrix(features, self._columns)
        plain, moved = self._odds(rows), np.zeros_like(rows)
        for column, usual in enumerate(self._usual):
            other = rows.copy()
            other[:, column] = usual
            moved[:, column] = plain - self._odds(other)
        return moved

    def explain(self, features: Floats, names: Sequence[str], most: int = 3) -> list[Reason]:
        """The features (d,) of one item that move its log odds most; see `moves`."""
        return reasons(self.moves(features[None])[0], names, most)

    def state(self) -> State:
        """All that was learned; see `restore`."""
        parameters = {k: getattr(self, k) for k in ("trees", "depth", "rate", "seed")}
        facts = {"columns": self._columns, "start": self._start,
                 "slope": self._line.slope, "constant": self._line.constant}  # fmt: skip
        return State(parameters, facts, {**self._arrays, "usual": self._usual})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The model that `state` was taken of; `StoreError` if it cannot be."""
        facts = state.facts
        try:
            made = cls(**state.parameters)
            made._columns, made._start = int(facts["columns"]), float(facts["start"])
            made._line = Line(float(facts["slope"]), float(facts["constant"]))
            made._arrays = {key: state.arrays[key] for key in ("roots", *_NODES)}
            made._usual = state.arrays["usual"]
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"is no boosting: {error}") from error
        if made._usual.shape != (made._columns,) or not _sound(made._arrays, made._columns):
            raise StoreError("is no boosting: its trees lead nowhere")
        return made

    def _odds(self, features: Floats) -> Floats:
        # scikit-learn compares in single precision; a double could fall on the other side.
        rows = matrix(features, self._columns).astype(np.float32)
        total = self._arrays["value"][self._leaves(rows)].sum(axis=1)
        return self._line(self._start + self.rate * total)

    def _leaves(self, rows: NDArray[np.float32]) -> NDArray[np.intp]:
        """The leaf of each row in each tree, (n, trees)."""
        at = np.tile(self._arrays["roots"].astype(np.intp), (len(rows), 1))
        each = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            column = self._arrays["feature"][at]
            inner = column >= 0
            left = rows[each, np.where(inner, column, 0)] <= self._arrays["threshold"][at]
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
