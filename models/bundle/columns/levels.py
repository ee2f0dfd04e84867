"""Smoothed shares of the levels of log lines (`models/feature/levels.py`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.base import Floats, State
from models.bundle.columns.base import Columns, signal
from models.feature import levels
from models.feature.windows import Window

MANY = {
    "debug": "debug lines",
    "info": "info lines",
    "notice": "notices",
    "warning": "warnings",
    "error": "errors",
    "critical": "critical errors",
    "other": "other levels",
}


class Levels(Columns):
    """The shares of levels."""

    def __init__(self, at: int) -> None:
        """`at` is the place of levels among the signals of an event."""
        self.at = at
        self.prior: Floats = levels.prior(np.zeros((0, len(levels.LEVELS))))

    def _counts(self, windows: Sequence[Window]) -> Floats:
        return levels.counted([signal(each, self.at) for each in windows])

    def fit(self, windows: Sequence[Window]) -> None:
        """Learn the shares over all."""
        self.prior = levels.prior(self._counts(windows))

    def rows(self, windows: Sequence[Window]) -> Floats:
        """The smoothed shares of each."""
        return levels.shares(self._counts(windows), self.prior)

    def groups(self) -> list[int]:
        """Each for itself."""
        return list(range(len(levels.LEVELS)))

    def named(self, column: int) -> str:
        """The share of a level."""
        return f"share of {MANY[levels.LEVELS[column]]}"

    def said(self, group: int, here: Floats, usually: Floats) -> str:
        """The share, which is smoothed: few lines hardly move it."""
        return f"{self.named(group).removeprefix('share of ')} are {here[0]:.2g} of lines " + (
            f"(smoothed), usually {usually[0]:.2g}"
        )

    def lacking(self, windows: Sequence[Window]) -> str | None:
        """No event has a level."""
        if self._counts(windows).any():
            return None
        return "no event has a level: levels say nothing"

    def state(self) -> State:
        """The shares over all."""
        return State({}, arrays={"prior": self.prior})

    def restored(self, state: State) -> None:
        """Take them up."""
        self.prior = np.asarray(state.arrays["prior"], dtype=np.float64)
        if self.prior.shape != (len(levels.LEVELS),) or not (self.prior >= 0).all():
            raise ValueError("shares of levels are 0 or more, one for each")
