"""How much there was in a window, how fast, how alike (`models/feature/figures.py`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.base import Floats
from models.bundle.columns.base import Columns
from models.feature import figures
from models.feature.windows import Window


class Figures(Columns):
    """How much there was, how fast, how alike."""

    _WORDS = (
        "{:,.3g} events",
        "events lie within {:,.3g} seconds",
        "rate {:,.3g} events a second",
        "the share of different kinds is {:.2g}",
        "the entropy of events is {:.2g}",
        "the share of events that training never saw is {:.2g}",
        "the longest repeat is {:.2g} of all events",
    )
    _LOGS = 3
    """The first so many are logarithms."""

    def rows(self, windows: Sequence[Window]) -> Floats:
        """The figures of each."""
        return figures.session_figures(windows)

    def groups(self) -> list[int]:
        """Each for itself."""
        return list(range(len(figures.NAMES)))

    def named(self, column: int) -> str:
        """The figure's name."""
        return figures.NAMES[column]

    def said(self, group: int, here: Floats, usually: Floats) -> str:
        """The figure, no logarithm."""
        now, then = (
            float(np.expm1(each[0]) if group < self._LOGS else each[0]) + 0.0
            for each in (here, usually)
        )
        return f"{self._WORDS[group].format(now)}, usually {then:,.3g}"
