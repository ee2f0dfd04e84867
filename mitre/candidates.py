"""Which techniques come into question for a text, and what speaks for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mitre.ridge import Floats

Doubles = NDArray[np.float64]

CANDIDATES = 16
"""Techniques that are weighed for a text."""

NEAREST = 24
"""Texts that vote, and how much more the nearer ones count."""
SHARPNESS = 3.0

FEATURES = 11


@dataclass(frozen=True, slots=True)
class Labels:
    """What the texts of a view are labelled with, as the arrays that weighing needs.

    `wanted` (n, classes) is 1 where a text has a technique, `families` (classes,) numbers the
    parents, `tactics` (classes, tactics) is 1 where a technique serves a tactic, `meant`
    (n, tactics) where a text is about it.
    """

    wanted: Floats
    families: NDArray[np.int64]
    tactics: Floats
    meant: Floats

    @property
    def known(self) -> Floats:
        """Techniques and tactics of the texts side by side, (n, classes + tactics)."""
        return np.hstack([self.wanted, self.meant])

    @property
    def prior(self) -> Floats:
        """The logarithm of how many texts have each technique."""
        return np.asarray(np.log1p(self.wanted.sum(axis=0)), dtype=np.float32)

    @property
    def shares(self) -> Floats:
        """`wanted`, with 1 shared among a text's techniques."""
        counts = np.maximum(1.0, self.wanted.sum(axis=1, keepdims=True))
        return np.asarray(self.wanted / counts, dtype=np.float32)


class Weigher:
    """Makes the candidates of a text and their features, from ridge scores and similarities."""

    def __init__(self, labels: Labels) -> None:
        self._wanted, self._shares, self._prior = labels.wanted, labels.shares, labels.prior
        self._families, self._tactics = labels.families, labels.tactics
        self._count = int(labels.families.max()) + 1

    def __call__(self, ridge: Floats, alike: Floats) -> tuple[NDArray[np.intp], Doubles]:
        """Candidates (m,), the classes that come into question, and features (m, FEATURES).

        `ridge` (classes,) are the regression's scores, `alike` (n,) the similarities to texts.
        """
        near = _largest(alike, NEAREST)
        weights = alike[near] ** SHARPNESS
        votes = weights @ self._shares[near] / max(float(weights.sum()), 1e-9)
        found = _largest(ridge + 0.5 * votes, CANDIDATES)
        best = (self._wanted[np.ix_(near, found)] * alike[near][:, None]).max(axis=0)
        positive = np.maximum(ridge, 0.0)
        own, own_votes, families = positive[found], votes[found], self._families[found]
        family = np.bincount(self._families, positive, self._count)[families]
        family_votes = np.bincount(self._families, votes, self._count)[families]
        mass = (positive + votes) @ self._tactics
        tactic = (self._tactics[found] * (mass / max(float(mass.max()), 1e-9))).max(axis=1)
        score = ridge[found]
        features = np.column_stack([
            score, own_votes, best, family - own, family_votes - own_votes, tactic,
            self._prior[found], score - float(ridge.max()), np.sqrt(own_votes), score * best,
        ])  # fmt: skip
        nearest = float(alike[near[0]]) if len(near) else 0.0
        return found, np.column_stack([features, np.full(len(found), nearest)])


def _largest(values: NDArray[Any], count: int) -> NDArray[np.intp]:
    """The places of the largest values, the largest first; of equal ones the first."""
    count = min(count, len(values))
    some = np.argpartition(-values, count - 1)[:count]
    return some[np.lexsort((some, -values[some]))]
