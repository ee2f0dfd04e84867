"""Moving mean and moving median."""

from __future__ import annotations

import numpy as np
import pytest

from models.baseline.moving import MovingMean, MovingMedian
from models.errors import DataError


def test_the_mean_is_that_of_the_window_before() -> None:
    points = MovingMean(window=3).fit(np.array([9.0, 1.0, 2.0, 3.0])).chart(np.array([8.0, 5.0]))
    assert points.centre.tolist() == pytest.approx([2, 13 / 3])
    assert points.spread.tolist() == pytest.approx([1, np.std([2, 3, 8], ddof=1)])


def test_an_outlier_in_the_window_blinds_the_mean_and_not_the_median() -> None:
    history = np.array([10.0, 12, 11, 9, 10, 900, 11, 12, 10, 9])
    burst = np.array([60.0])
    assert MovingMean(window=10).fit(history).score(burst)[0] < 1
    assert MovingMedian(window=10).fit(history).score(burst)[0] > 20


def test_a_short_history_is_enough() -> None:
    assert MovingMedian().fit(np.array([5.0])).score(np.array([5.0, 5.0, 99.0])).argmax() == 2


def test_a_window_of_one_is_refused() -> None:
    with pytest.raises(DataError, match="2 counts or more"):
        MovingMean(window=1)
