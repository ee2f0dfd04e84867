"""Odds made probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from models.base import Floats
from models.combine.platt import Line, apart


@given(st.integers(0, 10**6), st.floats(0.01, 100), st.floats(-20, 20))
def test_the_line_is_the_likeliest_that_does_not_fall(
    seed: int, spread: float, middle: float
) -> None:
    rng = np.random.default_rng(seed)
    odds = rng.normal(middle, spread, 40)
    labels = rng.random(40) < 1 / (1 + np.exp((middle - odds) / spread))
    labels[:2] = True, False
    true, false = int(labels.sum()), int((~labels).sum())
    wanted = np.where(labels, (true + 1) / (true + 2), 1 / (false + 2))

    def loss(line: Floats) -> float:
        told = line[0] * (odds - middle) / spread + line[1]
        return float((np.logaddexp(0, told) - wanted * told).sum())

    best = minimize(loss, np.zeros(2), bounds=[(0, None), (None, None)], method="L-BFGS-B")
    found = Line.fit(odds, labels)
    assert found.slope >= 0
    ours = loss(np.array([found.slope * spread, found.constant + found.slope * middle]))
    assert ours == pytest.approx(best.fun, abs=1e-4)


def test_odds_that_are_all_alike_or_wrong_tell_the_share_alone() -> None:
    labels = np.arange(40) % 4 == 0
    for odds in (np.full(40, 3.0), np.where(labels, -1.0, 1.0)):
        found = Line.fit(odds, labels)
        assert found.slope == 0
        assert 1 / (1 + np.exp(-found.constant)) == pytest.approx(0.25, abs=0.03)


def test_none_is_told_of_by_a_model_that_was_fitted_on_it() -> None:
    labels, asked_of = np.arange(30) % 7 == 0, []

    def odds(fitted: np.ndarray, asked: np.ndarray) -> Floats:
        assert not {*fitted.tolist()} & {*asked.tolist()}
        assert {*labels[fitted].tolist()} == {True, False}
        asked_of.extend(asked.tolist())
        return asked.astype(float)

    assert apart(odds, labels).tolist() == list(range(30))
    assert sorted(asked_of) == list(range(30))
