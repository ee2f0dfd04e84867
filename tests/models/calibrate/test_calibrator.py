"""Raw scores become p-values in (0, 1] that are uniform on normals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibrate.calibrator import Calibrator, percentile
from models.calibrate.groups import uniformity
from models.errors import DataError, StoreError

RNG = np.random.default_rng(3)
NORMAL = RNG.normal(size=4_000)
TIED = RNG.poisson(0.2, 4_000).astype(float)


def test_p_is_uniform_on_other_normals() -> None:
    assert uniformity(Calibrator().fit(NORMAL).p(RNG.normal(size=4_000))) < 0.04


def test_p_of_tied_scores_is_never_too_small() -> None:
    p = Calibrator().fit(TIED).p(RNG.poisson(0.2, 20_000).astype(float))
    for rate in (0.3, 0.05, 0.01):
        assert (p <= rate).mean() <= rate * 1.3


def test_mid_p_of_tied_scores_has_the_mean_of_a_uniform_one() -> None:
    p = Calibrator().fit(TIED).p(RNG.poisson(0.2, 20_000).astype(float), middle=True)
    assert p.mean() == pytest.approx(0.5, abs=0.01)


def test_p_with_ties_broken_by_chance_is_uniform() -> None:
    p = Calibrator().fit(TIED).random_p(RNG.poisson(0.2, 4_000).astype(float), RNG)
    assert uniformity(p) < 0.04


def test_a_higher_score_never_has_a_higher_p() -> None:
    scores = np.linspace(-6, 60, 2_000)
    for middle in (False, True):
        assert (np.diff(Calibrator().fit(NORMAL).log_p(scores, middle)) <= 0).all()


def test_what_is_beyond_all_normals_is_told_apart_and_marked() -> None:
    calibrator = Calibrator().fit(NORMAL)
    logs = calibrator.log_p(np.array([NORMAL.max(), 7.0, 8.0]))
    assert logs[0] == pytest.approx(np.log(2 / 4_001))
    assert logs[2] < logs[1] < np.log(1 / 4_001)
    assert calibrator.extrapolated(np.array([NORMAL.max(), 7.0])).tolist() == [False, True]


@pytest.mark.parametrize(
    ("draw", "survival"),
    [
        (lambda n: RNG.exponential(size=n), lambda s: np.exp(-s)),
        (lambda n: RNG.pareto(4, n), lambda s: (1 + s) ** -4.0),
    ],
)
def test_the_tail_is_near_to_the_truth_tenfold_beyond_what_was_seen(draw, survival) -> None:  # type: ignore[no-untyped-def]
    scores = draw(5_000)
    beyond = np.sort(draw(500_000))[-5:] + 1e-9
    p = Calibrator().fit(scores).p(beyond)
    assert np.abs(np.log10(p) - np.log10(survival(beyond))).max() < 1


def test_p_is_above_0_however_far_a_score_lies() -> None:
    for scores in (NORMAL, np.zeros(5), np.array([1e300]), np.array([-1e308, 1e308])):
        p = Calibrator().fit(scores).p(np.array([1e308, -1e308, 0.0]))
        assert ((p > 0) & (p <= 1)).all()


def test_the_threshold_keeps_to_its_rate() -> None:
    calibrator = Calibrator().fit(NORMAL)
    for rate in (0.1, 0.01, 0.001):
        threshold = calibrator.threshold(rate)
        assert (threshold <= NORMAL).mean() <= rate
        assert calibrator.p(np.array([threshold]))[0] <= rate


def test_a_threshold_for_a_rate_that_cannot_be_counted_is_beyond_all_normals() -> None:
    calibrator = Calibrator().fit(NORMAL)
    threshold = calibrator.threshold(1e-6)
    assert calibrator.extrapolated(np.array([threshold])).all()
    assert calibrator.p(np.array([threshold]))[0] == pytest.approx(1e-6, rel=1e-6)


@pytest.mark.parametrize("rate", [0.0, 1.0, -1.0, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(DataError, match="rate"):
        Calibrator().fit(NORMAL).threshold(rate)


def test_a_restored_calibrator_says_the_same() -> None:
    calibrator = Calibrator().fit(TIED)
    again = Calibrator.restore(calibrator.state())
    scores = np.array([0.0, 1.0, 50.0])
    assert np.array_equal(again.log_p(scores), calibrator.log_p(scores))


def test_a_calibration_that_does_not_hold_together_is_refused() -> None:
    state = Calibrator().fit(TIED).state()
    for arrays in ({}, {**state.arrays, "above": np.zeros(1)}):
        with pytest.raises(StoreError):
            Calibrator.restore(type(state)(state.parameters, {}, arrays))


def test_nothing_and_what_is_no_number_are_refused() -> None:
    with pytest.raises(DataError):
        Calibrator().fit(np.zeros(0))
    with pytest.raises(DataError):
        Calibrator().fit(np.array([1.0, np.nan]))


def test_the_percentile_is_that_of_p() -> None:
    assert percentile([0.005, 1.0]).tolist() == pytest.approx([99.5, 0.0])


@given(
    st.lists(st.integers(0, 20).map(float), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 25).map(float), st.floats(-3e-7, 3e-7)), min_size=1),
)
def test_what_differs_by_rounding_alone_has_the_same_p(
    normals: list[float], others: list[tuple[float, float]]
) -> None:
    exact = Calibrator().fit(np.array(normals))
    noisy = Calibrator().fit(np.array(normals) + np.linspace(-3e-7, 3e-7, len(normals)))
    scores = np.array([score for score, _ in others])
    near = scores + np.array([by for _, by in others])
    for middle in (False, True):
        wanted = exact.log_p(scores, middle)
        assert exact.log_p(near, middle) == pytest.approx(wanted, rel=1e-3, abs=1e-5)
        assert (noisy.extrapolated(near) == exact.extrapolated(scores)).all()
        inside = ~exact.extrapolated(scores)
        assert (noisy.log_p(near, middle)[inside] == wanted[inside]).all()


def test_normals_that_differ_by_rounding_alone_have_no_tail_of_their_own() -> None:
    rounded = Calibrator().fit(0.5 + np.linspace(0, 1e-7, 100))
    assert float(rounded.log_p(np.array([0.5 + 2e-7]))[0]) == 0.0
    assert float(rounded.log_p(np.array([1.5]))[0]) == pytest.approx(-1.0 - np.log(101), abs=1e-3)
