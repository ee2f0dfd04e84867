"""Shewhart, EWMA and CUSUM."""

from __future__ import annotations

import numpy as np
import pytest

from models.baseline.control import Cusum, Ewma, Shewhart
from models.errors import DataError

TRAINING = np.array([8.0, 12.0] * 50)
"""Mean 10, standard deviation 2.01."""


def test_shewhart_counts_standard_deviations() -> None:
    assert Shewhart().fit(TRAINING).score(np.array([10.0, 16.0])) == pytest.approx(
        [0, 6 / TRAINING.std(ddof=1)]
    )


def test_ewma_is_the_average_of_roberts() -> None:
    model = Ewma(weight=0.5).fit(np.full(30, 10.0))
    assert model.chart(np.array([14.0, 10.0])).values.tolist() == [12, 11]
    assert model.chart(np.array([14.0])).spread[0] == pytest.approx(np.sqrt(0.5 / 1.5))


def test_a_small_shift_that_lasts_shows_in_ewma_and_cusum_before_it_does_in_shewhart() -> None:
    shifted = np.array([8.0, 12.0] * 10) + 3
    assert Shewhart().fit(TRAINING).score(shifted).max() < 3
    assert Ewma().fit(TRAINING).score(shifted).max() > 3
    assert Cusum().fit(TRAINING).score(shifted).max() > 10


def test_cusum_is_the_sum_of_page_and_falls_back() -> None:
    model = Cusum(slack=0.5).fit(np.array([9.0, 10.0, 11.0] * 20))
    one = np.std([9.0, 10.0, 11.0] * 20, ddof=1)
    assert one < 1  # so one event counts as one spread
    start = model.score(np.array([10.0]))[0]
    assert model.score(np.array([13.0, 13.0]))[1] == pytest.approx(5, abs=1)
    assert model.score(np.array([13.0, *[10.0] * 20]))[-1] == start == 0


def test_cusum_sees_a_silence_as_well_as_a_burst() -> None:
    points = Cusum().fit(TRAINING).chart(np.zeros(6))
    assert points.values[-1] < -10


def test_one_burst_does_not_hide_what_follows() -> None:
    scores = Cusum().fit(TRAINING).score(np.array([1e9, *[10.0] * 30]))
    assert scores[0] <= 8
    assert scores[-1] == 0


@pytest.mark.parametrize("weight", [0.0, 1.5])
def test_weights_that_are_none_are_refused(weight: float) -> None:
    with pytest.raises(DataError, match="above 0 and at most 1"):
        Ewma(weight=weight)
