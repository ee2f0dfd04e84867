"""What control charts share: a value, the line it should lie on, and how far it lies off."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from models.base import Detector, Floats, Reason, Takes, finite
from models.errors import DataError

LEAST = 1.0
"""The least spread, in events: where counts never varied, one event more is no surprise."""
WIDTH = 3.0
"""Spreads from the centre line to the limits that charts draw: Shewhart's choice."""


@dataclass(frozen=True, slots=True)
class Points:
    """A chart's lines, each of shape (n,). `values` is what the chart plots: counts, or averages.

    `spread` is the standard deviation that `values` have around `centre` as long as all is well.
    """

    values: Floats
    centre: Floats
    spread: Floats

    @property
    def distance(self) -> Floats:
        """How many spreads each value lies off the centre line, up or down."""
        return finite(np.abs(self.values - self.centre) / self.spread)

    @property
    def lower(self) -> Floats:
        """The lower limit."""
        return self.centre - WIDTH * self.spread

    @property
    def upper(self) -> Floats:
        """The upper limit."""
        return self.centre + WIDTH * self.spread


class Chart(Detector[Floats]):
    """A detector over counts in the order of time, which scores by distance from a centre line.

    Scoring leaves the chart where it is: what is scored follows on what `fit` and `partial_fit`
    were given, and `partial_fit` moves on.
    """

    takes: ClassVar[Takes] = Takes.SERIES

    @abstractmethod
    def chart(self, data: Floats) -> Points:
        """The chart's lines over `data`, which follow on what was learned."""

    @abstractmethod
    def partial_fit(self, data: Floats) -> Self:
        """Move on behind `data`."""

    def later(self, windows: int) -> Self:  # noqa: ARG002 # a chart with a rhythm goes by it
        """The chart so many windows on (or back), of which nothing is known; this one stays."""
        return self

    def score(self, data: Floats) -> Floats:
        """How many spreads each window lies off the centre line."""
        values = series(data)
        return self.chart(values).distance if len(values) else np.zeros(0)

    def explain(self, data: Floats, at: int, most: int = 3) -> list[Reason]:
        """The value, the centre line and the limits at one window."""
        points = self.chart(series(data)[: at + 1])
        value, centre = points.values[-1], points.centre[-1]
        side = "above" if value > centre else "below"
        reasons = [
            Reason(
                self.plotted,
                float(points.distance[-1]),
                f"{self.plotted} is {_short(value)}, {_short(points.distance[-1])} spreads "
                f"{side} the {_short(centre)} expected",
            ),
            Reason(
                "limits",
                float(points.upper[-1] - points.lower[-1]),
                f"normal is from {_short(max(points.lower[-1], self.least))} "
                f"to {_short(points.upper[-1])}",
            ),
        ]
        return reasons[:most]

    plotted: ClassVar[str] = "count"
    """What the chart's values are, in words."""
    least: ClassVar[float] = 0.0
    """The least value there can be: counts are never below none."""


def series(data: Any) -> Floats:
    """`data` as finite floats of shape (n,); `DataError` names what is wrong with it."""
    values = np.asarray(data, dtype=np.float64)
    if values.ndim != 1:
        raise DataError(f"expected a series of counts, not an array of {values.ndim} dimensions")
    if not np.isfinite(values).all():
        at = int(np.argmin(np.isfinite(values)))
        raise DataError(f"window {at} is {values[at]}, not a finite number")
    return values


def spread(values: Floats) -> float:
    """The standard deviation of `values`, `LEAST` at the least."""
    return max(float(np.std(values, ddof=1)) if len(values) > 1 else 0.0, LEAST)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
