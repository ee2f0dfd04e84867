"""One kind of text (prose, values, events) and the techniques that its texts are labelled with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mitre import logistic, ridge
from mitre.bag import Bag
from mitre.candidates import Doubles, Labels, Weigher
from mitre.dense import Dense
from mitre.meant import Meant
from mitre.ridge import Floats

PENALTY = 0.5
"""Of the regression; chosen by cross-validation on the rules whose tags were not hidden."""

LOWEST = 0.02
"""Of the texts of the calibration, the share that lay below twice the floor."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that texts are compared by, and how much it counts beside the others."""

    by: Bag | Dense
    share: float


@dataclass(frozen=True, slots=True)
class Said:
    """What a view says of a text: classes (m,), the likeliest first, and how likely each is.

    `tactics` (tactics,) says how likely each tactic is.
    """

    found: NDArray[np.intp]
    chance: Doubles
    tactics: Doubles


Query = Mapping[str, Any]
"""A text's features for each part: words, letters and signs as strings, an encoder's vector."""


class View:
    """Texts of one kind: regression and neighbours, combined and calibrated by cross-fitting."""

    def __init__(
        self,
        parts: Mapping[str, Part],
        rows: NDArray[np.int64],
        own: int,
        labels: Labels,
        weights: Floats,
        combined: Doubles,
        meant: Doubles,
        floor: float,
    ) -> None:
        """`rows` (n,) say which of the mapper's examples the view's texts are.

        The first `own` are texts of the view's kind; the others tell more of the same examples.
        `weights` (n, classes + tactics) are the regression's, `combined` and `meant` those of the
        logistic regressions for techniques and for tactics. `floor` is half of how near the nearest
        text mostly was in calibration; see `said`.
        """
        self.parts, self.rows, self.own, self.labels = parts, rows, own, labels
        self.weights, self.combined, self.meant, self.floor = weights, combined, meant, floor
        self._weigh, self._mean = Weigher(labels), Meant(labels)

    @classmethod
    def fit(
        cls,
        parts: Mapping[str, Part],
        kernel: Floats,
        rows: NDArray[np.int64],
        own: int,
        labels: Labels,
        asked: NDArray[np.int64],
    ) -> View:
        """Learn from all texts, whose similarities by `parts` the `kernel` (n, n) has.

        Calibrate on the rows `asked`, each left out once, and with it all that is of its example.
        """
        mates = _mates(rows)
        weights, left_out = ridge.fit(kernel, labels.known, PENALTY, mates)
        count, weigh, mean = labels.wanted.shape[1], Weigher(labels), Meant(labels)
        weighed, nearest = [], []
        for row in asked:
            alike = kernel[row].copy()
            alike[[row, mates[row]]] = 0.0
            weighed.append(weigh(left_out[row, :count], alike))
            nearest.append(alike.max())
        pairs = list(zip(asked, weighed, strict=True))
        held = np.concatenate([labels.wanted[row, found] > 0 for row, (found, _) in pairs])
        combined = logistic.fit(np.concatenate([each for _, each in weighed]), held)
        telling = [
            mean(left_out[row, count:], found, logistic.chance(each, combined),
                 {int(row), int(mates[row])})
            for row, (found, each) in pairs
        ]  # fmt: skip
        meant = logistic.fit(np.concatenate(telling), labels.meant[asked].ravel() > 0)
        floor = float(np.quantile(nearest, LOWEST)) / 2
        return cls(parts, rows, own, labels, weights, combined, meant, floor)

    @property
    def whole(self) -> float:
        """The similarity of a text to itself, at most."""
        return sum(part.share for part in self.parts.values())

    def alike(self, query: Query) -> Floats:
        """The similarity of a text to all texts of the view, (n,)."""
        found = np.zeros(len(self.rows), dtype=np.float32)
        for name, part in self.parts.items():
            if name in query:
                found += np.float32(part.share) * part.by.like(query[name])
        return found

    def said(self, alike: Floats) -> Said:
        """The classes that come into question for these similarities, and the tactics.

        Nothing was calibrated on texts that are like no known one, so confidence falls there, with
        the square of how near the nearest is.
        """
        scores, classes = alike @ self.weights, self.labels.wanted.shape[1]
        found, features = self._weigh(scores[:classes], alike)
        chance = logistic.chance(features, self.combined)
        telling = self._mean(scores[classes:], found, chance)
        tactics = logistic.chance(telling, self.meant)
        if (nearest := float(alike.max())) < self.floor:
            less = (nearest / self.floor) ** 2
            chance, tactics = chance * less, tactics * less
        order = np.lexsort((found, -chance))
        return Said(found[order], chance[order], tactics)


def _mates(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row the other one of its example; itself where there is none."""
    mates = np.arange(len(rows))
    first: dict[int, int] = {}
    for at, row in enumerate(rows.tolist()):
        mates[at] = first.setdefault(row, at)
        mates[mates[at]] = at
    return mates
