"""Weights for classes of unequal size, and labels that are less sure of themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from models.base import Floats, matrix, some
from models.errors import DataError

NONE, CLASSES, EFFECTIVE = "none", "classes", "effective"
HOW = (NONE, CLASSES, EFFECTIVE)
"""How items may be weighed by their class: not, all classes alike, by their effective number."""


def class_weights(labels: Sequence[Hashable]) -> dict[Hashable, float]:
    """The weight of each class: n / (classes · count), so that all weigh the same together.

    King, Zeng: Logistic Regression in Rare Events Data (2001); scikit-learn's "balanced".
    """
    some(labels)
    counts = Counter(labels)
    return {label: len(labels) / (len(counts) * count) for label, count in counts.items()}


def effective_weights(labels: Sequence[Hashable], beta: float = 0.999) -> dict[Hashable, float]:
    """Weights by the effective number of items, (1 - βⁿ) / (1 - β); their mean over items is 1.

    Cui et al.: Class-Balanced Loss Based on Effective Number of Samples (CVPR 2019). Gentler than
    `class_weights` when one class is tiny.
    """
    some(labels)
    if not 0 <= beta < 1:
        raise DataError(f"beta must be from 0 up to below 1, not {beta}")
    counts = Counter(labels)
    raw = {label: (1 - beta) / (1 - beta**count) for label, count in counts.items()}
    mean = sum(raw[label] * count for label, count in counts.items()) / len(labels)
    return {label: weight / mean for label, weight in raw.items()}


def balanced(labels: Sequence[Hashable], how: str) -> Floats | None:
    """The weight of each item, an array (n,), by one of `HOW`; None where all weigh the same."""
    if how == NONE:
        return None
    if how not in HOW:
        raise DataError(f"no way to weigh classes is called {how!r}; there are {', '.join(HOW)}")
    of = class_weights(labels) if how == CLASSES else effective_weights(labels)
    return weights(labels, of)


def weights(labels: Sequence[Hashable], of: dict[Hashable, float]) -> Floats:
    """The weight of each item, an array (n,)."""
    return np.array([of[label] for label in labels], dtype=np.float64)


def smoothed(targets: Floats, share: float = 0.1) -> Floats:
    """`targets`, an array (n, classes) of probabilities, moved by `share` towards all alike.

    Szegedy et al.: Rethinking the Inception Architecture for Computer Vision (CVPR 2016).
    """
    if not 0 <= share <= 1:
        raise DataError(f"the share must be from 0 to 1, not {share}")
    rows = matrix(targets)
    if rows.shape[1] == 0 or (rows < 0).any() or not np.allclose(rows.sum(axis=1), 1):
        raise DataError("targets must be probabilities, which add up to 1")
    moved: Floats = (1 - share) * rows + share / rows.shape[1]
    return moved


def one_hot(labels: Sequence[int], classes: int) -> Floats:
    """An array (n, classes) with a 1 in the column of each label."""
    rows = np.zeros((len(labels), classes))
    for row, label in zip(rows, labels, strict=True):
        if not 0 <= label < classes:
            raise DataError(f"there is no class {label} among {classes}")
        row[label] = 1.0
    return rows
