"""A budget of alerts becomes a threshold, with how sure it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from models.calibrate.binomial import at_most, interval
from models.calibrate.budget import budget
from models.errors import DataError


@pytest.mark.parametrize(("hits", "count"), [(0, 10), (3, 50), (50, 50), (7, 7_000), (400, 5_000)])
def test_the_interval_is_that_of_scipy(hits: int, count: int) -> None:
    expected = binomtest(hits, count).proportion_ci(method="exact")
    assert interval(hits, count) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_of_nothing_nothing_is_known() -> None:
    assert interval(0, 0) == (0.0, 1.0)
    assert (at_most(0, 5, 0.0), at_most(4, 5, 1.0), at_most(5, 5, 1.0)) == (1.0, 0.0, 1.0)


def test_five_alerts_a_day_of_a_thousand_windows_are_five_in_a_thousand() -> None:
    log_p = np.log(np.arange(1, 10_001) / 10_000)
    found = budget(log_p, windows_a_day=1_000, alerts_a_day=5)
    assert found.p == 0.005
    assert found.a_day == pytest.approx(5.0)
    assert found.low < 5 < found.high
    assert found.counted


def test_a_budget_that_so_few_normals_cannot_show_is_marked() -> None:
    assert not budget(np.log(np.arange(1, 101) / 100), 10_000, 5).counted


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(DataError):
        budget(np.zeros(5), 1_000, 0)


def test_what_is_common_is_not_strange_however_large_the_budget() -> None:
    log_p = np.log(np.arange(1, 101) / 100)
    found = budget(log_p, windows_a_day=8, alerts_a_day=5)
    assert (found.p, found.asked) == (0.05, 5)
    assert found.a_day == pytest.approx(0.4)
