"""Hour and weekday on circles, and gaps between events (`models/feature/temporal.py`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.base import Floats
from models.bundle.columns.base import Columns
from models.feature.temporal import NAMES, mean_temporal
from models.feature.windows import Window

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Times(Columns):
    """When it was, and how long between events."""

    _GROUPS = (0, 0, 1, 1, 1, 2)

    def __init__(self, offset: float) -> None:
        """`offset` is that of the clock from UTC, in seconds."""
        self.offset = offset

    def rows(self, windows: Sequence[Window]) -> Floats:
        """The mean over the events of each."""
        return mean_temporal([each.times for each in windows], self.offset)

    def groups(self) -> list[int]:
        """Hour, weekday and gaps."""
        return list(self._GROUPS)

    def named(self, column: int) -> str:
        """The name of a column."""
        return NAMES[column]

    def topic(self, group: int) -> str:
        """What a group is called."""
        return ("hour", "weekday", "gap")[group]

    def said(self, group: int, here: Floats, usually: Floats) -> str:
        """The hour, the day, or the gap that is usual within the window."""
        if group == 2:
            now, then = (float(np.expm1(each[0])) for each in (here, usually))
            return f"gaps of {now:,.3g} seconds between events, usually {then:,.3g}"
        turn = float(np.arctan2(here[0], here[1]) / (2 * np.pi)) % 1.0
        if group == 1:
            return f"weekday {DAYS[int(turn * 7) % 7]}"
        return f"hour {int(turn * 24) % 24}" + ("" if self.offset else " (UTC)")
