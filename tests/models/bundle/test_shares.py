"""Shares of groups of columns, beside Shapley values of single ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.base import Floats
from models.bundle.shares import shares
from models.explain.shapley import shapley


def bent(rows: Floats) -> Floats:
    """A score in which columns work together."""
    scores: Floats = np.abs(rows).sum(axis=1) + rows[:, 0] * rows[:, 1]
    return scores


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_columns_for_themselves_have_the_values_of_shapley(seed: int) -> None:
    rng = np.random.default_rng(seed)
    usual, row = rng.normal(size=(5, 4)), rng.normal(3, 1, 4)
    slow = shapley(bent, row, usual).values
    found = dict(shares(bent, row, usual, np.arange(4)))
    assert found == pytest.approx({at: value for at, value in enumerate(slow) if value > 0})


def test_what_is_told_together_has_one_share() -> None:
    usual, row = np.zeros((3, 4)), np.array([1.0, 2.0, 0.0, 4.0])
    found = shares(bent, row, usual, np.array([0, 0, 1, 2]))
    assert found == [(0, pytest.approx(5.0)), (2, pytest.approx(4.0))]


def test_an_ordinary_row_has_no_shares() -> None:
    usual = np.ones((3, 4))
    assert shares(bent, usual[0], usual, np.arange(4)) == []
