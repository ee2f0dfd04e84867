"""The score of each template by its number: what a line that is known costs is a look-up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from models.base import Floats, Texts
from models.cluster.points import Numbers
from models.errors import DataError

LARGEST = 1 << 24
"""The largest number that a template may have."""


class Scorer(Protocol):
    """What scores texts."""

    def score(self, data: Texts) -> Floats:
        """How strange each is, finite floats (n,)."""


class Remembered:
    """Scores by number, each worked out when its template is first met.

    `text` gives the template of a number; a number means the same for ever. `one` is for a line as
    it comes (about 0.1 µs once known), `many` for arrays.
    """

    def __init__(self, scorer: Scorer, text: Callable[[int], str]) -> None:
        self._scorer = scorer
        self._text = text
        self._scores: list[float | None] = []

    def one(self, number: int) -> float:
        """The score of the template of that number; `DataError` if there can be no such number."""
        if 0 <= number < len(self._scores):
            score = self._scores[number]
            if score is not None:
                return score
        self._learn([number])
        return self.one(number)

    def many(self, numbers: Numbers | Sequence[int]) -> Floats:
        """The score of each; those that are new are worked out together."""
        distinct, places = np.unique(np.asarray(numbers, dtype=np.intp), return_inverse=True)
        self._learn([each for each in distinct.tolist() if not self._knows(each)])
        found = np.array([self._scores[each] for each in distinct.tolist()], dtype=np.float64)
        return found[places]

    def _knows(self, number: int) -> bool:
        return 0 <= number < len(self._scores) and self._scores[number] is not None

    def _learn(self, numbers: list[int]) -> None:
        if not numbers:
            return
        if min(numbers) < 0 or max(numbers) > LARGEST:
            raise DataError(f"no template has a number below 0 or above {LARGEST:,}")
        found = self._scorer.score([self._text(each) for each in numbers])
        self._scores += [None] * (max(numbers) + 1 - len(self._scores))
        for number, score in zip(numbers, found.tolist(), strict=True):
            self._scores[number] = score
