"""Figures of sessions, levels, counters."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.feature import levels
from models.feature.counter import increases
from models.feature.figures import NAMES, session_figures
from models.feature.windows import Window


def window(*events: int, seconds: float = 9.0) -> Window:
    return Window("a", 100.0, 100.0 + seconds, events, tuple(range(len(events))))


def test_figures_of_a_session() -> None:
    row = dict(zip(NAMES, session_figures([window(1, 1, 0, 2)])[0], strict=True))
    assert row["log events"] == pytest.approx(math.log(5))
    assert row["log seconds"] == pytest.approx(math.log(10))
    assert row["log rate"] == pytest.approx(math.log(1 + 4 / 9))
    assert row["distinct share"] == 0.75
    assert row["entropy"] == pytest.approx(1.5 * math.log(2))
    assert row["unknown share"] == 0.25
    assert row["longest repeat"] == 0.5


def test_where_times_are_told_seconds_are_those_between_events() -> None:
    timed = replace(window(1, 2, seconds=600), times=(103.0, 105.0), over=2)
    row = dict(zip(NAMES, session_figures([timed])[0], strict=True))
    assert row["log seconds"] == pytest.approx(math.log(3))
    assert row["log rate"] == pytest.approx(math.log(2))
    assert row["log events"] == pytest.approx(math.log(5))


def test_odd_sessions_have_finite_figures() -> None:
    odd = [window(), window(1, seconds=0), window(*[7] * 5_000), window(1, seconds=-5)]
    assert np.isfinite(session_figures(odd)).all()
    assert session_figures([]).shape == (0, len(NAMES))


@pytest.mark.parametrize(
    ("value", "name"),
    [("WARN", "warning"), ("Information", "info"), (3, "error"), (0, "critical"), (9, "other"),
     ("E", "error"), (None, "other"), ("x" * 1_000_000, "other"), (True, "other"), ("6", "info"),
     (50, "error"), (10, "debug"), (70, "other"), (-1, "other"), ("²", "other"), ("💥", "other")],
)  # fmt: skip
def test_levels_have_many_names(value: object, name: str) -> None:
    assert levels.level(value) == name


@pytest.mark.parametrize(
    ("value", "name"),
    [(0, "info"), (1, "critical"), (2, "error"), ("3", "warning"), (4, "info"), (5, "debug"),
     (6, "other"), (50, "other"), ("Warning", "warning")],
)  # fmt: skip
def test_windows_counts_levels_otherwise(value: object, name: str) -> None:
    assert levels.level(value, windows=True) == name


def places(*names: str) -> list[float]:
    return [float(levels.LEVELS.index(name)) for name in names]


def test_a_short_window_stays_near_the_shares_of_all() -> None:
    windows = [places("error"), places("error") * 1_000, places("info") * 9_000, [-1.0], []]
    counts = levels.counted(windows)
    prior = levels.prior(counts)
    shares = levels.shares(counts, prior)
    error = levels.LEVELS.index("error")
    assert shares.sum(axis=1) == pytest.approx(np.ones(5))
    assert (shares >= 0).all()
    assert not shares[:, levels.LEVELS.index("debug")].any()
    assert levels.prior(counts[3:]) == pytest.approx(np.full(7, 1 / 7))
    assert 0.1 < shares[0, error] < 0.3
    assert shares[1, error] > 0.9
    assert shares[3:] == pytest.approx(np.stack([prior, prior]))
    with pytest.raises(DataError):
        levels.shares(counts, prior, strength=0)


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
