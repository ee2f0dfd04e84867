"""A second stage: an expensive or more careful detector looks at what the first one flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, State
from models.calibrate.calibrator import Calibrator
from models.errors import DataError, StoreError

FEWEST = 20
"""Flagged normals below which the second stage cannot be calibrated."""


class Validator:
    """Among the `share` of normals that the first stage flags, the second decides the order.

    The second stage is calibrated on flagged normals alone, so its p is that given the flag;
    times `share` it is a p again, uniform on normals. What is not flagged keeps its first p.
    """

    def __init__(self, share: float = 0.05) -> None:
        if not 0 < share < 1:
            raise DataError(f"a share lies between 0 and 1, and {share} does not")
        self.share = share
        self.second = Calibrator()

    def require(self, normals: int) -> None:
        """`DataError` where so many normals are too few, whatever the first stage says."""
        if self.share * normals < FEWEST:
            raise DataError(
                f"a second stage learns from {FEWEST / self.share:,.0f} normals or more, "
                f"and there are {normals:,}"
            )

    def fit(self, first: Floats, second: Callable[[NDArray[np.intp]], Floats]) -> Self:
        """Learn from normals: log p (n,) of the first stage, and `second`, which gives the raw
        scores of the second for indices into them. Both cross-fitted."""
        flagged = np.flatnonzero(self.flagged(first))
        if len(flagged) < FEWEST:
            raise DataError(
                f"the first stage flags {len(flagged)} of {len(first):,} normals, and "
                f"the second needs {FEWEST}: learn from more"
            )
        self.second.fit(second(flagged))
        return self

    def flagged(self, first: Floats) -> NDArray[np.bool_]:
        """What the second stage has to look at."""
        return np.asarray(first <= np.log(self.share))

    def log_p(self, first: Floats, second: Callable[[NDArray[np.intp]], Floats]) -> Floats:
        """The logarithm of p after both stages, shape (n,)."""
        logs = np.array(first, dtype=np.float64)
        flagged = np.flatnonzero(self.flagged(first))
        if len(flagged):
            logs[flagged] = np.log(self.share) + self.second.log_p(second(flagged))
        return logs

    def state(self) -> State:
        """All that was learned; see `restore`."""
        return State({"share": self.share}, {}, self.second.state().arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The validator that `state` was taken of; `StoreError` if it cannot be."""
        try:
            made = cls(**state.parameters)
        except (DataError, TypeError) as error:
            raise StoreError(f"is no second stage: {error}") from error
        made.second = Calibrator.restore(State({}, {}, state.arrays))
        return made
