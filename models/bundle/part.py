"""One detector of a bundle with what its scores mean."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Detector, Floats, Json, Takes
from models.bundle.counted import folded
from models.bundle.featured import Featured
from models.bundle.features import Features
from models.bundle.views import Windowed, windowed
from models.calibrate.calibrator import Calibrator
from models.calibrate.cross import take
from models.calibrate.settled import settled
from models.errors import DataError
from models.feature.volume import Volume
from models.feature.windows import Window
from models.threads import one_thread


@dataclass(frozen=True, slots=True)
class Part:
    """A fitted detector and the calibration of its scores; both p-values are logarithms.

    `training` says what it came from (`train/record.py`); `apart` are those that were fitted
    without a fold, where this one was just fitted.
    """

    detector: Detector[Any]
    asked: Windowed
    calibrator: Calibrator
    training: Mapping[str, Json] = field(default_factory=dict)
    apart: tuple[Detector[Any], ...] = ()

    @classmethod
    def fit(
        cls,
        make: Callable[[], Detector[Any]],
        texts: Sequence[str],
        seen: Sequence[Window],
        folds: NDArray[np.intp],
        blocks: Sequence[Hashable],
        told: Callable[[], None] = lambda: None,
        usual: Floats | None = None,
        features: Features | None = None,
        scales: Sequence[Features] = (),
        learned: NDArray[np.bool_] | None = None,
    ) -> tuple[Self, Floats, NDArray[np.bool_]]:
        """The detector fitted on all windows, the raw scores of the normals, and which counted.

        Each normal is scored by a detector that was fitted without its fold, and these scores are
        what the calibration learns, of those after a beginning that never comes again
        (`calibrate/settled.py`; `blocks`, in the order of time, names what stays together). The
        detector that is kept knows more normals than those did, so its alarms are rather fewer
        than asked for, never more. `told` is called before each fit; `usual` are rows of
        ordinary windows, for a detector of vectors, `features` what it looks at, and `scales` the
        same as learned without each fold. Windows that are not `learned` are scored as normals even
        so.
        """
        detector = make()
        learned = np.ones(len(seen), dtype=np.bool_) if learned is None else learned
        asked = windowed(detector, texts, usual, features)
        data, scores = data_of(detector, asked, seen), np.zeros(len(seen))
        apart: list[Detector[Any]] = []
        with one_thread():
            for fold in range(int(folds.max()) + 1):
                told()
                inside = folds == fold
                apart.append(make())
                without = windowed(apart[-1], texts, features=scales[fold] if scales else None)
                without.fit(take(data, ~inside & learned))
                scores[inside] = without.score(take(data, inside))
            told()
            asked.fit(take(data, learned))
        kept = settled(Calibrator().fit(scores).log_p(scores, middle=True), blocks)
        calibrator = Calibrator().fit(scores[kept])
        return cls(detector, asked, calibrator, apart=tuple(apart)), scores, kept

    def data(self, seen: Sequence[Window]) -> Sequence[Any]:
        """Windows as `asked` takes them."""
        return data_of(self.detector, self.asked, seen)

    @classmethod
    def known(
        cls,
        detector: Detector[Any],
        texts: Sequence[str],
        calibrator: Calibrator,
        usual: Floats | None = None,
        features: Features | None = None,
        training: Mapping[str, Json] | None = None,
    ) -> Self:
        """A part that was fitted before, by the kinds of `texts` alone.

        `usual` and `features` may be those of who knows more kinds.
        """
        events = len(texts)
        if features is not None:
            if usual is not None:
                usual = features.folded(usual, events)
            features = features if events == len(features.texts) else features.known(texts)
        elif usual is not None:
            usual = folded(usual, events)
        asked = windowed(detector, texts, usual, features)
        return cls(detector, asked, calibrator, training or {})


def data_of(detector: Detector[Any], asked: Windowed, seen: Sequence[Window]) -> Sequence[Any]:
    """The edges of each window for a detector of these, or its volume; for others its events.

    One of features takes the windows themselves.
    """
    if isinstance(asked, Featured):
        return seen
    if detector.takes is Takes.EDGES:
        return [window.edges for window in seen]
    if detector.takes is Takes.VOLUMES:
        return [_volume(window) for window in seen]
    return [window.events for window in seen]


def _volume(window: Window) -> Volume:
    if window.volume is None:
        raise DataError("nothing is told of the windows before one")
    return window.volume
