"""Groups get a calibration of their own where that holds up."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibrate.groups import GroupedCalibrator, time_of_week, uniformity
from models.errors import DataError, StoreError


def noisy(count: int, seed: int) -> tuple[np.ndarray, list[str]]:  # type: ignore[type-arg]
    """Servers whose scores are twice as wide as those of laptops, and one rare host."""
    rng = np.random.default_rng(seed)
    names = rng.choice(["server", "laptop", "rare"], count, p=[0.3, 0.69, 0.01])
    return rng.normal(size=count) * np.where(names == "server", 4.0, 1.0), list(names)


def test_a_group_with_its_own_calibration_is_uniform_in_itself() -> None:
    calibrator = GroupedCalibrator().fit(*noisy(4_000, 1))
    scores, names = noisy(4_000, 2)
    inside = np.array(names) == "server"
    own = np.exp(calibrator.log_p(scores, names))[inside]
    pooled = calibrator.pooled.p(scores)[inside]
    assert uniformity(own) < 0.06 < uniformity(pooled)


def test_a_group_with_few_normals_falls_back_on_the_pooled_calibration() -> None:
    calibrator = GroupedCalibrator().fit(*noisy(4_000, 1))
    assert set(calibrator.own) == {"server", "laptop"}
    score = np.array([1.0])
    assert calibrator.log_p(score, ["rare"]) == calibrator.pooled.log_p(score)
    assert calibrator.log_p(score, ["new"]) == calibrator.pooled.log_p(score)


def test_groups_that_differ_in_nothing_stay_pooled() -> None:
    rng = np.random.default_rng(5)
    kept = 0
    for _ in range(10):
        names = list(rng.choice(["a", "b"], 2_000))
        kept += len(GroupedCalibrator().fit(rng.normal(size=2_000), names).own)
    assert kept <= 4


def test_a_restored_calibrator_says_the_same() -> None:
    calibrator = GroupedCalibrator().fit(*noisy(2_000, 1))
    again = GroupedCalibrator.restore(calibrator.state())
    scores, names = noisy(50, 2)
    assert np.array_equal(again.log_p(scores, names), calibrator.log_p(scores, names))


def test_a_state_that_lacks_a_group_is_refused() -> None:
    state = GroupedCalibrator().fit(*noisy(2_000, 1)).state()
    fewer = {key: a for key, a in state.arrays.items() if not key.startswith("own1")}
    with pytest.raises(StoreError, match="own1"):
        GroupedCalibrator.restore(type(state)(state.parameters, state.facts, fewer))


def test_groups_must_fit_the_scores() -> None:
    with pytest.raises(DataError):
        GroupedCalibrator().fit(np.zeros(3), ["a"])


def test_the_parts_of_the_week_are_four() -> None:
    monday_noon = 1_700_481_600.0
    assert time_of_week(monday_noon) == "weekday day"
    assert time_of_week(monday_noon + 12 * 3600) == "weekday night"
    assert time_of_week(monday_noon - 24 * 3600) == "weekend day"
    assert time_of_week(monday_noon, offset=10) == "weekday night"


def test_no_values_are_uniform() -> None:
    assert uniformity(np.zeros(0)) == 0.0
