"""One detector of a bundle with what its scores mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Detector, Floats, Sessions
from models.bundle.views import Windowed, windowed
from models.calibrate.calibrator import Calibrator
from models.calibrate.cross import take


@dataclass(frozen=True, slots=True)
class Part:
    """A fitted detector and the calibration of its scores; both p-values are logarithms."""

    detector: Detector[Any]
    asked: Windowed
    calibrator: Calibrator

    @classmethod
    def fit(
        cls,
        make: Callable[[], Detector[Any]],
        texts: Sequence[str],
        data: Sessions,
        folds: NDArray[np.intp],
    ) -> tuple[Self, Floats]:
        """The detector fitted on all of `data`, and the raw scores of the normals.

        Each normal is scored by a detector that was fitted without its fold, and these scores are
        what the calibration learns. The detector that is kept knows more normals than those did,
        so its alarms are rather fewer than asked for, never more.
        """
        scores = np.zeros(len(data))
        for fold in range(int(folds.max()) + 1):
            inside = folds == fold
            without = windowed(make(), texts)
            without.fit(take(data, ~inside))
            scores[inside] = without.score(take(data, inside))
        detector = make()
        asked = windowed(detector, texts)
        asked.fit(data)
        return cls(detector, asked, Calibrator().fit(scores)), scores

    @classmethod
    def known(cls, detector: Detector[Any], texts: Sequence[str], calibrator: Calibrator) -> Self:
        """A part that was fitted before."""
        return cls(detector, windowed(detector, texts), calibrator)
