"""Holt-Winters and ARIMA: our recursions forecast what statsmodels forecasts."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from models.baseline.arima import Arima
from models.baseline.holt_winters import HoltWinters
from models.errors import DataError
from tests.models import data


@pytest.mark.parametrize("count", [30, 120])
def test_holt_winters_forecasts_as_statsmodels_does(count: int) -> None:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    values, model = data.series(count), HoltWinters()
    period = 24 if count > 58 else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ExponentialSmoothing(
            values, trend="add", damped_trend=True, seasonal="add" if period else None,
            seasonal_periods=period, initialization_method="estimated",
        ).fit()  # fmt: skip
    model._estimate(values)
    assert np.allclose(model._follow(values), theirs.fittedvalues, atol=1e-6)
    # A forecast of several windows ahead: ours fed with its own forecasts.
    ahead = theirs.forecast(30)
    assert np.allclose(model.chart(ahead).centre, ahead, atol=1e-6)


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 1, 1), (0, 0, 2), (3, 0, 0)])
def test_arima_forecasts_as_statsmodels_does(order: tuple[int, int, int]) -> None:
    from statsmodels.tsa.arima.model import ARIMA

    rng, values = np.random.default_rng(1), [20.0, 20.0]
    for _ in range(220):
        values.append(20 + 0.6 * (values[-1] - 20) + rng.normal(0, 3))
    whole = np.cumsum(values) if order[1] else np.array(values)
    training, others = whole[:190], whole[190:]
    model = Arima(order).fit(training)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ARIMA(training, order=order, trend="n" if order[1] else "c").fit()
    want = theirs.append(others).fittedvalues[190:]
    assert np.abs(model.chart(others).centre - want).max() < 1e-3 * model._spread


def test_a_daily_rhythm_is_learned_and_its_loss_found() -> None:
    model = HoltWinters().fit(data.series(240))
    right, wrong = data.series(264)[240:], np.roll(data.series(264)[240:], 12)
    assert np.median(model.score(wrong)) > 2 * np.median(model.score(right))


@pytest.mark.parametrize("kind", [HoltWinters, Arima])
def test_a_few_counts_are_enough(kind: type[HoltWinters | Arima]) -> None:
    model = kind().fit(np.array([3.0, 5.0, 4.0]))
    assert model.score(np.array([4.0, 400.0])).argmax() == 1


@pytest.mark.parametrize("order", [(1, 2, 0), (1, 0), (-1, 0, 0)])
def test_orders_that_are_none_are_refused(order: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"\(p, d, q\)"):
        Arima(order)


def test_a_season_of_one_window_is_refused() -> None:
    with pytest.raises(DataError, match="2 windows or more"):
        HoltWinters(period=1)
