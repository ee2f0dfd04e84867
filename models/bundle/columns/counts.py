"""How often each event occurs, as log(1 + n): what is looked at where nothing is chosen, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from models.base import Floats
from models.bundle.columns.base import Columns
from models.bundle.counted import times, vectors
from models.feature.windows import Window


class Counts(Columns):
    """How often each event occurs."""

    scaled: ClassVar[bool] = False

    def __init__(self, events: int) -> None:
        self.events = events

    def rows(self, windows: Sequence[Window]) -> Floats:
        """Logarithms of the counts; events that training never saw are the last column."""
        return vectors([each.events for each in windows], self.events)

    def groups(self) -> list[int]:
        """Each for itself."""
        return list(range(self.events + 1))

    def named(self, column: int) -> str:
        """The number of its event."""
        return f"event {column + 1 if column < self.events else 0}"

    def said(self, group: int, here: Floats, usually: Floats) -> str:
        """How often it occurs."""
        now, then = (round(float(np.expm1(each[0]))) for each in (here, usually))
        return f"{self.named(group)} occurs {times(now)}, usually {times(then)}"
