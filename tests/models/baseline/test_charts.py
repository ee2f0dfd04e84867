"""What holds for every chart: it stays where it is, moves when told, and explains itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models import registry
from models.base import Takes
from models.baseline.chart import Chart
from models.errors import DataError
from tests.models import data

CHARTS = [
    name
    for name, kind in registry.detectors().items()
    if kind.takes is Takes.SERIES and issubclass(kind, Chart)
]
each_chart = pytest.mark.parametrize("name", CHARTS)


def fit(name: str, values: Any) -> Any:
    return registry.detector(name)().fit(values)


def test_there_are_the_charts_that_the_documentation_names() -> None:
    assert {
        "arima", "cusum", "ewma", "holt-winters", "moving-mean", "moving-median", "shewhart"
    } <= set(CHARTS)  # fmt: skip


@each_chart
def test_scoring_leaves_the_chart_where_it_is(name: str) -> None:
    model, others = fit(name, data.series(60)), data.series(20, seed=1)
    first = model.score(others)
    model.score(data.strange(Takes.SERIES))
    assert np.array_equal(model.score(others), first)


@each_chart
def test_moving_on_scores_what_follows_as_if_it_came_at_once(name: str) -> None:
    model, others = fit(name, data.series(60)), data.series(40, seed=1)
    whole = model.score(others)
    assert np.allclose(model.partial_fit(others[:25]).score(others[25:]), whole[25:], rtol=1e-9)


@each_chart
def test_a_burst_scores_highest_there_or_just_after(name: str) -> None:
    values = data.series(50, seed=2)
    values[30] += 200
    assert fit(name, data.series(100)).score(values).argmax() in range(30, 36)


@each_chart
@pytest.mark.parametrize("level", [0.0, 7.0])
def test_a_series_that_never_varied_takes_one_event_more_calmly(name: str, level: float) -> None:
    model = fit(name, np.full(60, level))
    assert model.score(np.full(5, level)).max() == pytest.approx(0, abs=1e-9)
    assert model.score(np.array([level + 1]))[0] < 3
    assert model.score(np.array([level + 50]))[0] > 3


@each_chart
def test_reasons_give_value_centre_and_limits(name: str) -> None:
    values = data.series(30, seed=1)
    values[12] = 300
    first, second = fit(name, data.series(60)).explain(values, 12)
    assert "above the" in first.text
    assert first.contribution == pytest.approx(fit(name, data.series(60)).score(values)[12])
    assert second.feature == "limits"
    assert second.text.startswith("normal is from ")


@each_chart
@pytest.mark.parametrize("wrong", [np.zeros((3, 2)), np.array([1.0, np.nan])])
def test_what_is_no_series_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(DataError):
        fit(name, wrong)
    with pytest.raises(DataError):
        fit(name, data.series(30)).score(wrong)
