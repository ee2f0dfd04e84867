"""Levels by their many names, and smoothed shares of them."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import DataError
from models.feature import levels


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
