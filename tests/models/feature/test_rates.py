"""Counts, figures of sessions, levels, counters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.feature import levels, rates
from models.feature.counter import Counters, increases
from models.feature.windows import Window

TIMES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(-40, 40)), max_size=30)


@given(TIMES, st.integers(1, 9))
def test_every_event_is_counted_in_its_window(stream: list[tuple[str, int]], width: int) -> None:
    found = rates.counts([e for e, _ in stream], [float(t) for _, t in stream], width)
    assert sum(series.counts.sum() for series in found.values()) == len(stream)
    for entity, series in found.items():
        assert series.start % width == 0
        for at, count in enumerate(series.counts):
            start = series.start + at * width
            assert count == sum(e == entity and start <= t < start + width for e, t in stream)


def test_series_of_one_call_are_of_one_length_and_quiet_windows_are_0() -> None:
    found = rates.counts(["a", "a", "b"], [0.0, 35.0, 12.0], 10, end=60.0)
    assert found["a"].counts.tolist() == [1, 0, 0, 1, 0, 0]
    assert found["b"].counts.tolist() == [0, 1, 0, 0, 0, 0]
    assert found["a"].rates()[0] == 0.1


def test_too_many_windows_are_refused() -> None:
    with pytest.raises(DataError, match="make them wider"):
        rates.counts(["a", "a"], [0.0, 1e12], 1)
    with pytest.raises(DataError):
        rates.counts(["a"], [math.inf], 1)
    with pytest.raises(DataError, match="so many entities"):
        rates.counts([*range(100)], [0.0] * 99 + [900_000.0], 1)
    assert rates.counts([], [], 1) == {}


def window(*events: int, seconds: float = 9.0) -> Window:
    return Window("a", 100.0, 100.0 + seconds, events, tuple(range(len(events))))


def test_figures_of_a_session() -> None:
    row = dict(zip(rates.NAMES, rates.session_figures([window(1, 1, 0, 2)])[0], strict=True))
    assert row["log events"] == pytest.approx(math.log(5))
    assert row["log seconds"] == pytest.approx(math.log(10))
    assert row["events per second"] == pytest.approx(4 / 9)
    assert row["distinct share"] == 0.75
    assert row["entropy"] == pytest.approx(1.5 * math.log(2))
    assert row["unknown share"] == 0.25
    assert row["longest repeat"] == 0.5


def test_odd_sessions_have_finite_figures() -> None:
    odd = [window(), window(1, seconds=0), window(*[7] * 5_000), window(1, seconds=-5)]
    assert np.isfinite(rates.session_figures(odd)).all()
    assert rates.session_figures([]).shape == (0, len(rates.NAMES))


@pytest.mark.parametrize(
    ("value", "name"),
    [("WARN", "warning"), ("Information", "info"), (3, "error"), (0, "critical"), (9, "other"),
     ("E", "error"), (None, "other"), ("x" * 1_000_000, "other"), (True, "other")],
)  # fmt: skip
def test_levels_have_many_names(value: object, name: str) -> None:
    assert levels.level(value) == name


def test_a_short_session_stays_near_the_shares_of_all() -> None:
    shares = levels.level_shares([["error"], ["error"] * 1_000, ["info"] * 9_000])
    error = levels.LEVELS.index("error")
    assert shares.sum(axis=1) == pytest.approx(np.ones(3))
    assert (shares > 0).all()
    assert 0.1 < shares[0, error] < 0.3
    assert shares[1, error] > 0.9
    assert levels.level_shares([]).shape == (0, 7)
    with pytest.raises(DataError):
        levels.level_shares([["info"]], strength=0)


def test_a_counter_that_falls_back_to_a_small_number_began_again() -> None:
    counters = Counters()
    assert counters.update("log", 0.0, 900.0).amount == 0
    assert counters.update("log", 10.0, 1_000.0).rate == 10
    again = counters.update("log", 20.0, 50.0)
    assert (again.amount, again.restarted, again.rate) == (50, True, 5)


def test_a_small_step_back_adds_nothing_and_is_not_counted_twice() -> None:
    assert increases(np.array([100.0, 110.0, 108.0, 112.0, 3.0])).tolist() == [0, 10, 0, 2, 3]


@given(st.lists(st.floats(0, 1e12), max_size=30))
def test_an_increase_is_never_negative(values: list[float]) -> None:
    assert (increases(np.array(values)) >= 0).all()


def test_counters_are_bounded_and_the_one_unheard_of_longest_goes() -> None:
    counters = Counters(most=2)
    for name in ("a", "b", "a", "c"):
        counters.update(name, 0.0, 5.0)
    assert len(counters) == 2
    assert counters.update("a", 1.0, 7.0).amount == 2
    assert counters.update("b", 1.0, 7.0).amount == 0


def test_what_is_no_counter_is_refused() -> None:
    for value in (-1.0, math.nan):
        with pytest.raises(DataError):
            Counters().update("a", 0.0, value)
