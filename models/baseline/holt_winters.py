"""Counts beside a forecast that follows level, trend and daily rhythm."""

from __future__ import annotations

import warnings
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from models.base import Floats, State, some
from models.baseline.chart import Chart, Points, series, spread
from models.errors import DataError
from models.libraries import library

FEWEST = 10
"""Counts from which parameters can be estimated."""


@dataclass(frozen=True, slots=True)
class _Weights:
    """How fast level, trend and season follow the newest count, and how the trend fades."""

    level: float = 0.3
    trend: float = 0.0
    season: float = 0.0
    fade: float = 0.0


class HoltWinters(Chart):
    """How many standard deviations a count lies off its forecast by exponential smoothing.

    Level, fading trend, and a season of `period` windows that is added: 24 is a day of hours. It
    is fitted by statsmodels' likelihood. With fewer than two periods and ten counts there is no
    season; with fewer than ten counts, or counts that never vary, the level follows by 0.3.
    """

    name: ClassVar[str] = "holt-winters"
    learns_with: ClassVar[tuple[str, ...]] = ("statsmodels",)
    source: ClassVar[str] = (
        "Winters: Forecasting Sales by Exponentially Weighted Moving Averages (1960); Gardner, "
        "McKenzie: Forecasting Trends in Time Series (1985); fitted by statsmodels"
    )

    def __init__(self, period: int = 24) -> None:
        if period < 2:
            raise DataError(f"a period has 2 windows or more, not {period}")
        self.period = period
        self._weights = _Weights()
        self._level, self._trend, self._spread = 0.0, 0.0, 1.0
        self._season: Floats = np.zeros(1)
        """What the next windows have more than the level, the very next one first."""

    def fit(self, data: Floats) -> Self:
        """Estimate weights and the start, and follow `data` to their end."""
        some(data)
        values = series(data)
        self._weights, self._season = _Weights(), np.zeros(1)
        self._level, self._trend = float(values[0]), 0.0
        if len(values) >= FEWEST and np.ptp(values) > 0:
            self._estimate(values)
        off = values - self._follow(values)
        self._spread = spread(off[len(self._season) :])
        return self

    def partial_fit(self, data: Floats) -> Self:
        """Move on behind `data`; the weights stay those of `fit`."""
        self._follow(series(data))
        return self

    def later(self, windows: int) -> Self:
        """The chart at another time of the day, with its level and no trend."""
        made = copy(self)
        made._trend, made._season = 0.0, np.roll(self._season, -(windows % len(self._season)))
        return made

    def chart(self, data: Floats) -> Points:
        """The counts and their forecasts."""
        before = self._level, self._trend, self._season
        centre = self._follow(data)
        self._level, self._trend, self._season = before
        return Points(data, centre, np.full(len(data), self._spread))

    def state(self) -> State:
        """Weights, spread, and where level, trend and season stand."""
        each = self._weights
        learned = [each.level, each.trend, each.season, each.fade]
        learned += [self._level, self._trend, self._spread]
        arrays = {"learned": np.array(learned), "season": self._season}
        return State({"period": self.period}, {}, arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        learned = series(state.arrays["learned"]).tolist()
        made._weights = _Weights(*learned[:4])
        made._level, made._trend, made._spread = learned[4:]
        made._season = series(state.arrays["season"])
        return made

    def _estimate(self, values: Floats) -> None:
        seasonal = len(values) >= 2 * self.period + FEWEST
        found = _statsmodels(values, self.period if seasonal else None)
        self._weights = _Weights(
            found["smoothing_level"],
            found["smoothing_trend"],
            found["smoothing_seasonal"] if seasonal else 0.0,
            found["damping_trend"],
        )
        self._level, self._trend = float(found["initial_level"]), float(found["initial_trend"])
        if seasonal:
            self._season = np.asarray(found["initial_seasons"], dtype=np.float64)

    def _follow(self, values: Floats) -> Floats:
        """The forecast of each of `values`, made before it is known; moves on behind them."""
        weights, period = self._weights, len(self._season)
        level, trend, season = self._level, self._trend, self._season.tolist()
        out = np.empty(len(values))
        for at, value in enumerate(values.tolist()):
            step, now = weights.fade * trend, season[at % period]
            out[at] = level + step + now
            before, level = (
                level,
                weights.level * (value - now) + (1 - weights.level) * (level + step),
            )
            trend = weights.trend * (level - before) + (1 - weights.trend) * step
            season[at % period] = (
                weights.season * (value - before - step) + (1 - weights.season) * now
            )
        self._level, self._trend = level, trend
        self._season = np.roll(season, -(len(values) % period))
        return out


def _statsmodels(values: Floats, period: int | None) -> dict[str, Any]:
    """The weights and the start that make `values` likeliest."""
    smoothing = library("statsmodels.tsa.holtwinters").ExponentialSmoothing
    with warnings.catch_warnings():
        # It warns when the search stops early: what it then has is still a forecast.
        warnings.simplefilter("ignore")
        made = smoothing(
            values,
            trend="add",
            damped_trend=True,
            seasonal="add" if period else None,
            seasonal_periods=period,
            initialization_method="estimated",
        )
        found: dict[str, Any] = made.fit().params
    return found
