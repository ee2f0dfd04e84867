"""How well scores tell attacks from normals, each with a weight.

Source: Saito and Rehmsmeier, The Precision-Recall Plot Is More Informative than the ROC Plot When
Evaluating Binary Classifiers on Imbalanced Datasets (2015). The areas are those of scikit-learn's
`average_precision_score` and `roc_auc_score` with `sample_weight`, to which tests hold them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.base import Floats

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Curve:
    """What each threshold would give, from the strictest on: one element a distinct score."""

    thresholds: Floats
    true: Floats
    false: Floats
    positives: float
    negatives: float

    @property
    def precision(self) -> Floats:
        """Share of alerts that are attacks."""
        return np.asarray(self.true / (self.true + self.false))

    @property
    def recall(self) -> Floats:
        """Share of attacks that are alerts."""
        return np.asarray(self.true / self.positives)

    @property
    def rate(self) -> Floats:
        """Share of normals that are alerts."""
        return np.asarray(self.false / self.negatives)

    def pr_auc(self) -> float:
        """Average precision: the area under precision over recall, in steps."""
        return float((np.diff(self.recall, prepend=0.0) * self.precision).sum())

    def roc_auc(self) -> float:
        """The area under recall over the false-positive rate."""
        rate, recall = np.append(0.0, self.rate), np.append(0.0, self.recall)
        return float((np.diff(rate) * (recall[1:] + recall[:-1])).sum() / 2)

    def oracle_f1(self) -> float:
        """The best F1 that any threshold gives: nobody can know it, for it takes the labels."""
        return float((2 * self.true / (self.true + self.false + self.positives)).max())


def curve(scores: Floats, labels: Mask, weights: Floats) -> Curve:
    """The curve of scores (n,), higher = stranger, for labels that are true for attacks."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.append(ordered[1:] != ordered[:-1], True)
    true = np.cumsum(np.where(labels, weights, 0.0)[order])[last]
    false = np.cumsum(np.where(labels, 0.0, weights)[order])[last]
    return Curve(ordered[last], true, false, float(true[-1]), float(false[-1]))


@dataclass(frozen=True, slots=True)
class Achieved:
    """What one threshold gave: precision, recall, F1 and false-positive rate, with bounds.

    Bounds are the 2.5 % and 97.5 % points of a bootstrap over blocks. Where no normal was an
    alert, that would know nothing: the upper bound of `fpr` is then the exact binomial one.
    """

    precision: float
    recall: float
    f1: float
    fpr: float
    recall_bounds: tuple[float, float]
    f1_bounds: tuple[float, float]
    fpr_bounds: tuple[float, float]
