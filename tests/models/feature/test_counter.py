"""Counters that begin again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.feature.counter import increases


def test_a_counter_that_falls_back_to_a_small_number_began_again() -> None:
    assert increases([900.0, 1_000.0, 50.0]).tolist() == [0, 100, 50]


def test_a_small_step_back_adds_nothing_and_is_not_counted_twice() -> None:
    assert increases(np.array([100.0, 110.0, 108.0, 112.0, 3.0])).tolist() == [0, 10, 0, 2, 3]
    assert increases([]).shape == (0,)


@given(st.lists(st.floats(0, 1e12), max_size=30))
def test_an_increase_is_never_negative(values: list[float]) -> None:
    assert (increases(np.array(values)) >= 0).all()


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30), st.integers(0, 29))
def test_a_counter_that_never_goes_back_grew_by_its_ends(steps: list[int], cut: int) -> None:
    """And one that begins again meanwhile by both its parts."""
    values = np.cumsum(steps).astype(float)
    assert increases(values).sum() == values[-1] - values[0]
    again = np.concatenate([[10_000.0, 20_000.0], values[cut:]])
    assert increases(again).sum() == 10_000.0 + (values[-1] if len(values) > cut else 0.0)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_what_is_no_counter_is_refused(value: float) -> None:
    with pytest.raises(DataError):
        increases([value])
