"""Counts beside those just before them: moving mean, and moving median."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, State, some
from models.baseline.chart import LEAST, Chart, Points, series
from models.errors import DataError

CONSISTENT = 1.482602218505602
"""Standard deviations of a normal distribution in one median absolute deviation."""


class _Moving(Chart):
    """A chart whose lines come of the `window` counts before each."""

    def __init__(self, window: int = 24) -> None:
        if window < 2:
            raise DataError(f"a window has 2 counts or more, not {window}")
        self.window = window
        self._last: Floats = np.zeros(0)

    def fit(self, data: Floats) -> Self:
        """Remember the last counts of `data`."""
        some(data)
        self._last = series(data)[-self.window :]
        return self

    def partial_fit(self, data: Floats) -> Self:
        """Move on behind `data`."""
        self._last = np.concatenate([self._last, series(data)])[-self.window :]
        return self

    def chart(self, data: Floats) -> Points:
        """The counts, and what the ones before each make one expect."""
        # A history that is too short is filled with what it has.
        missing = self.window - len(self._last)
        before = np.concatenate([np.resize(self._last, missing), self._last, data[:-1]])
        rows = np.lib.stride_tricks.sliding_window_view(before, self.window)
        centre, spread = self._lines(rows)
        return Points(data, centre, np.maximum(spread, LEAST))

    def state(self) -> State:
        """The last counts."""
        return State({"window": self.window}, {}, {"last": self._last})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._last = series(state.arrays["last"])
        return made

    @abstractmethod
    def _lines(self, rows: NDArray[Any]) -> tuple[Floats, Floats]:
        """Centre and spread of each of `rows`, shape (n, window)."""


class MovingMean(_Moving):
    """How many standard deviations a count lies off the mean of the `window` before it."""

    name: ClassVar[str] = "moving-mean"
    source: ClassVar[str] = "Montgomery: Introduction to Statistical Quality Control (2012), 9.3"

    def _lines(self, rows: NDArray[Any]) -> tuple[Floats, Floats]:
        return rows.mean(axis=1), rows.std(axis=1, ddof=1)


class MovingMedian(_Moving):
    """How far a count lies off the median of the `window` before it, in scaled MADs.

    Up to half of the window may be outliers without moving the median or the MAD far; 1.4826 times
    the MAD is the standard deviation where counts are normal.
    """

    name: ClassVar[str] = "moving-median"
    source: ClassVar[str] = "Hampel: The Influence Curve and Its Role in Robust Estimation (1974)"

    def _lines(self, rows: NDArray[Any]) -> tuple[Floats, Floats]:
        centre: Floats = np.median(rows, axis=1)
        return centre, CONSISTENT * np.median(np.abs(rows - centre[:, None]), axis=1)
