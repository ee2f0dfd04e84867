"""Counts beside a forecast from the counts and the errors just before."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import copy
from typing import ClassVar, Self

import numpy as np

from models.base import Floats, State, some
from models.baseline.chart import Chart, Points, series, spread
from models.errors import DataError
from models.libraries import library

FEWEST = 20
"""Counts from which parameters can be estimated."""


class Arima(Chart):
    """How many standard deviations a count lies off its ARIMA forecast.

    `order` is (p, d, q): counts looked back at, times that differences are taken (0 or 1), errors
    looked back at. Without differences there is a mean to return to, so that a shift stays
    visible as long as it lasts: the default. Fitted by statsmodels' likelihood; with fewer than
    twenty counts, or counts that never vary, the forecast is the mean (the last count if d is 1).
    """

    name: ClassVar[str] = "arima"
    learns_with: ClassVar[tuple[str, ...]] = ("statsmodels",)
    source: ClassVar[str] = (
        "Box, Jenkins: Time Series Analysis, Forecasting and Control (1970); fitted by statsmodels"
    )

    def __init__(self, order: Sequence[int] = (2, 0, 1)) -> None:
        self.order = tuple(order)
        if len(self.order) != 3 or min(self.order) < 0 or self.order[1] > 1:
            raise DataError(f"an order is (p, d, q) with d 0 or 1, not {self.order}")
        p, _, q = self.order
        self._mean, self._spread, self._last = 0.0, 1.0, 0.0
        self._back, self._errors = np.zeros(p), np.zeros(q)
        """The newest first: counts (or differences) less the mean, and errors of forecasts."""
        self._ar, self._ma = np.zeros(p), np.zeros(q)

    def fit(self, data: Floats) -> Self:
        """Estimate the coefficients, and follow `data` to their end."""
        some(data)
        values = series(data)
        p, d, q = self.order
        self._ar, self._ma, self._back, self._errors = (np.zeros(n) for n in (p, q, p, q))
        self._mean, self._last = (0.0 if d else float(values.mean())), float(values[0])
        if len(values) >= max(FEWEST, 2 * (p + q)) and np.ptp(values) > 0:
            self._mean, self._ar, self._ma = _statsmodels(values, self.order)
        off = values - self._follow(values)
        self._spread = spread(off[d + p :])
        return self

    def partial_fit(self, data: Floats) -> Self:
        """Move on behind `data`; the coefficients stay those of `fit`."""
        self._follow(series(data))
        return self

    def later(self, windows: int) -> Self:  # noqa: ARG002 # a chart with a rhythm goes by it
        """The chart with no count or error just before."""
        made = copy(self)
        made._back, made._errors = np.zeros(len(self._back)), np.zeros(len(self._errors))
        return made

    def chart(self, data: Floats) -> Points:
        """The counts and their forecasts."""
        before = self._last, self._back, self._errors
        centre = self._follow(data)
        self._last, self._back, self._errors = before
        return Points(data, centre, np.full(len(data), self._spread))

    def state(self) -> State:
        """The coefficients, the spread, and where the recursion stands."""
        arrays = {
            "learned": np.array([self._mean, self._spread, self._last]),
            "ar": self._ar,
            "ma": self._ma,
            "back": self._back,
            "errors": self._errors,
        }
        return State({"order": list(self.order)}, {}, arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._mean, made._spread, made._last = series(state.arrays["learned"]).tolist()
        for name in ("ar", "ma", "back", "errors"):
            kept = series(state.arrays[name])
            if kept.shape != getattr(made, f"_{name}").shape:
                raise DataError(f"{name} has {len(kept)} numbers, which breaks the order")
            setattr(made, f"_{name}", kept)
        return made

    def _follow(self, values: Floats) -> Floats:
        """The forecast of each of `values`, made before it is known; moves on behind them."""
        p, d, q = self.order
        back, errors, last = self._back.tolist(), self._errors.tolist(), self._last
        ar, ma, out = self._ar.tolist(), self._ma.tolist(), np.empty(len(values))
        for at, value in enumerate(values.tolist()):
            drift = sum(map(float.__mul__, ar, back)) + sum(map(float.__mul__, ma, errors))
            out[at] = self._mean + drift + (last if d else 0.0)
            back = [value - self._mean - (last if d else 0.0), *back][:p]
            errors, last = [value - out[at], *errors][:q], value
        self._last, self._back, self._errors = last, np.array(back), np.array(errors)
        return out


def _statsmodels(values: Floats, order: tuple[int, ...]) -> tuple[float, Floats, Floats]:
    """The mean and the coefficients that make `values` likeliest."""
    made = library("statsmodels.tsa.arima.model").ARIMA
    with warnings.catch_warnings():
        # It warns of starting values that it replaces, and when the search stops early.
        warnings.simplefilter("ignore")
        found = made(values, order=order, trend="n" if order[1] else "c").fit()
    mean = 0.0 if order[1] else float(found.params[0])
    return mean, np.asarray(found.arparams), np.asarray(found.maparams)
