"""Cross-fitting: every normal is scored by a detector that did not learn from it (CV+).

    cross = CrossFitted(make, folds).fit(data)
    cross.out_of_fold                     scores (n,) of the normals
    cross.log_p(cross.scores(others))     the mean of the p that each fold's detector gives

Told which block each item is of, it calibrates by those alone that come after the beginning
(`settled.py`); all are learned.

What is new is scored by the detectors of all folds, as each normal was by one of them, so it is
held against its like; a detector that learned from all would know more than those that scored the
normals, and its alarms would be fewer than was asked for.

Source: Barber, Candès, Ramdas, Tibshirani, Predictive Inference with the Jackknife+ (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Detector, Floats
from models.calibrate.calibrator import Calibrator
from models.calibrate.settled import settled
from models.errors import DataError

Indices = NDArray[np.intp]


def folds_of(blocks: Sequence[Any], count: int) -> Indices:
    """The fold, 0 to `count` - 1, of each item; items of one block lie in one fold.

    Blocks (sessions, days, hosts) follow one another into the folds, so that each fold holds
    some of every time. `DataError` where there are fewer blocks than folds.
    """
    names = list(dict.fromkeys(blocks))
    if len(names) < count:
        raise DataError(f"{len(names)} blocks of data do not fill {count} folds")
    fold = {name: at % count for at, name in enumerate(names)}
    return np.array([fold[block] for block in blocks], dtype=np.intp)


def take(data: Any, at: NDArray[Any]) -> Any:
    """The items of `data`, an array or a list, at the indices or where the mask `at` is true."""
    if isinstance(data, np.ndarray):
        return data[at]
    chosen = np.flatnonzero(at) if at.dtype == np.bool_ else at
    return [data[int(each)] for each in chosen]


class CrossFitted:
    """Detectors of one kind, one for each fold, and the calibration of their scores."""

    def __init__(self, make: Callable[[], Detector[Any]], folds: Indices) -> None:
        self.make, self.folds = make, folds
        self.models: list[Detector[Any]] = []
        self.calibrator = Calibrator()
        self.out_of_fold: Floats = np.zeros(0)
        self.settled: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)

    def fit(self, data: Any, blocks: Sequence[Hashable] | None = None) -> Self:
        """Fit a detector for each fold on the others, and calibrate by what each left out.

        `blocks`, one for each item in the order of time, have the beginning left out of that.
        """
        if len(data) != len(self.folds):
            raise DataError(f"{len(self.folds)} folds are told for {len(data)} items")
        self.models, self.out_of_fold = [], np.zeros(len(data))
        for fold in range(int(self.folds.max()) + 1):
            inside = self.folds == fold
            model = self.make().fit(take(data, ~inside))
            self.out_of_fold[inside] = model.score(take(data, inside))
            self.models.append(model)
        self.calibrator.fit(self.out_of_fold)
        self.settled = np.ones(len(data), dtype=np.bool_)
        if blocks is not None:
            self.settled = settled(self.normal_log_p(middle=True), blocks)
            self.calibrator.fit(self.out_of_fold[self.settled])
        return self

    def scores(self, data: Any) -> Floats:
        """What each fold's detector says of `data`, shape (folds, n)."""
        return np.stack([model.score(data) for model in self.models])

    def log_p(self, scores: Floats, middle: bool = False) -> Floats:
        """The logarithm of the mean p (n,) of `scores` (folds, n)."""
        logs = np.stack([self.calibrator.log_p(each, middle) for each in scores])
        return np.asarray(np.logaddexp.reduce(logs, axis=0) - np.log(len(logs)))

    def normal_log_p(self, middle: bool = False) -> Floats:
        """That of the normals that were fitted, each by the detector that left it out."""
        return self.calibrator.log_p(self.out_of_fold, middle)

    def extrapolated(self, scores: Floats) -> NDArray[np.bool_]:
        """Which are above all normals in the eyes of every fold's detector."""
        return np.asarray(self.calibrator.extrapolated(scores).all(axis=0))
