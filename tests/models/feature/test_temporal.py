"""Features of time."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.feature.temporal import NAMES, gaps, hour, mean_temporal, temporal, weekday


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)))
def test_hour_and_weekday_are_those_of_the_calendar(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC, microsecond=0)
    time = [moment.timestamp()]
    assert hour(time)[0] == pytest.approx(moment.hour + moment.minute / 60 + moment.second / 3600)
    assert int(weekday(time)[0]) == moment.weekday()


def test_midnight_is_in_the_middle_of_the_night() -> None:
    before, after, noon = temporal([86_340.0, 86_460.0, 43_200.0])[:, :2]
    assert np.linalg.norm(before - after) < 0.02
    assert np.linalg.norm(before - noon) > 1.9


def test_another_zone_has_another_hour() -> None:
    assert hour([0.0], offset=-3_600)[0] == 23


def test_gaps_are_those_of_an_entity_and_never_negative() -> None:
    assert gaps([1, 2, 5, 4, 9], ["a", "b", "a", "b", "b"]).tolist() == [0, 0, 4, 2, 5]
    assert gaps([3, 1, 2]).tolist() == [0, 0, 1]


def test_there_is_a_row_for_each_time() -> None:
    rows = temporal([0.0, 5.0, 1e12])
    assert rows.shape == (3, len(NAMES))
    assert np.isfinite(rows).all()
    assert temporal([]).shape == (0, len(NAMES))


@given(st.lists(st.lists(st.integers(0, 2_000_000), max_size=5), max_size=5))
def test_the_mean_of_a_window_is_that_of_its_events(windows: list[list[int]]) -> None:
    rows = mean_temporal([sorted(map(float, each)) for each in windows], 3_600.0)
    assert rows.shape == (len(windows), len(NAMES))
    for row, window in zip(rows, windows, strict=True):
        each = temporal(sorted(map(float, window)), offset=3_600.0)
        assert row == pytest.approx(each.mean(axis=0) if window else np.zeros(len(NAMES)))


def test_weekends_are_marked() -> None:
    thursday, saturday = 0.0, 2 * 86_400.0
    assert temporal([thursday, saturday])[:, 4].tolist() == [0, 1]


def test_times_that_are_none_are_refused() -> None:
    with pytest.raises(DataError, match="event 1 is nan"):
        temporal([1.0, math.nan])
    with pytest.raises(DataError, match="1 entities do not go with 2 times"):
        gaps([1.0, 2.0], ["a"])
