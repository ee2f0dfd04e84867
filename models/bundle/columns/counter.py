"""How much a field that counts up grew in a window (`models/feature/counter.py`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.base import Floats
from models.bundle.columns.base import Columns, signal
from models.feature.counter import increases
from models.feature.signal import ABSENT
from models.feature.windows import Window


class Counter(Columns):
    """How much a field that counts up grew, in the order of time."""

    def __init__(self, field: str, at: int) -> None:
        """`at` is the place of the field's value among the signals of an event."""
        self.field, self.at = field, at

    def rows(self, windows: Sequence[Window]) -> Floats:
        """The logarithm of the growth; no number for a window with fewer than two values."""
        return np.array([[self._grown(each)] for each in windows]).reshape(len(windows), 1)

    def _grown(self, window: Window) -> float:
        values = [value for value in signal(window, self.at) if value != ABSENT]
        return float(np.log1p(increases(values).sum())) if len(values) > 1 else np.nan

    def groups(self) -> list[int]:
        """One."""
        return [0]

    def named(self, column: int) -> str:  # noqa: ARG002 # there is one
        """The field."""
        return f"growth of {self.field}"

    def said(self, group: int, here: Floats, usually: Floats) -> str:  # noqa: ARG002
        """How much it grew."""
        now, then = (float(np.expm1(each[0])) for each in (here, usually))
        return f"{self.field} grew by {now:,.6g}, usually by {then:,.6g}"

    def lacking(self, windows: Sequence[Window]) -> str | None:
        """No window has two values."""
        if not np.isnan(self.rows(windows)).all():
            return None
        return (
            f"no window has two events with a number in {self.field}: counter:{self.field} says "
            "nothing"
        )
