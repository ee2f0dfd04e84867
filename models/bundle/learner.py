"""How each detector of a bundle learns newer windows, and the windows that an update looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import UNKNOWN, Detector, Floats, Online, Takes
from models.bundle.features import Features
from models.bundle.made_up import told_apart
from models.bundle.part import data_of
from models.bundle.views import windowed
from models.calibrate.cross import take
from models.feature.windows import Window
from models.threads import one_thread
from models.train.replay import learning

ON, REPLAYED, ANEW = "learned on", "learned on, with old windows", "fitted anew"
_ON = (Takes.SESSIONS, Takes.EDGES, Takes.VOLUMES)


class Run:
    """Old, new and strange windows, in this order, with the fold of each."""

    def __init__(
        self,
        old: Sequence[Window],
        new: Sequence[Window],
        strange: Sequence[Window],
        folds: NDArray[np.intp],
        whole: bool = False,
    ) -> None:
        """With `whole`, windows with unknown events are not learned."""
        self.old, self.new, self.folds = old, new, folds
        self.normal = [*old, *new]
        learned = [not whole or UNKNOWN not in each.events for each in self.normal]
        self.learned: NDArray[np.bool_] = np.array(learned)
        self.all = [*self.normal, *strange]

    def apart(self, told: Floats) -> float:
        """PR-AUC of the old windows against the strange ones, by the scores of all."""
        return told_apart(told[: len(self.old)], told[len(self.normal) :])


def how(detector: Detector[Any]) -> str:
    """How a detector learns in an update."""
    if not isinstance(detector, Online) or detector.takes not in _ON:
        return ANEW
    return REPLAYED if detector.budgeted else ON


class Learner:
    """What makes a detector of a kind learn the new windows, all or without a fold."""

    def __init__(
        self,
        make: Callable[[], Detector[Any]],
        texts: Sequence[str],
        run: Run,
        told: Callable[[], None],
        features: Features | None = None,
        scales: Sequence[Features] = (),
    ) -> None:
        """`features` are what a detector of vectors looks at, `scales` those without each fold."""
        self._make, self._texts, self._run, self._told = make, texts, run, told
        self._features, self._scales = features, scales

    def learned(
        self, apart: Sequence[Detector[Any]], whole: Detector[Any]
    ) -> tuple[list[Detector[Any]], Detector[Any]]:
        """Copies of the detectors without a fold, and of the one of all windows."""
        run, found = self._run, []
        folds = run.folds[: len(run.normal)]
        with one_thread():
            for fold, detector in enumerate(apart):
                features = self._scales[fold] if self._scales else None
                found.append(self._learn(detector, folds != fold, features))
            everything = np.ones(len(folds), dtype=np.bool_)
            return found, self._learn(whole, everything, self._features)

    def _learn(
        self, detector: Detector[Any], inside: NDArray[np.bool_], features: Features | None
    ) -> Detector[Any]:
        self._told()
        first, manner = len(self._run.old), how(detector)
        if manner == ON:  # nothing fades: old windows would be counted twice
            inside = inside & (np.arange(len(inside)) >= first)
        made = detector if manner != ANEW else self._make()
        asked = windowed(made, self._texts, features=features)
        data = data_of(made, asked, take(self._run.normal, inside & self._run.learned))
        if not data:
            return detector
        if manner != ANEW:
            return learning(detector, data)
        asked.fit(data)
        return made
