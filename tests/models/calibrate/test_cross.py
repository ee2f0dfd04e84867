"""Cross-fitting: normals are scored by detectors that did not learn from them."""

from __future__ import annotations

import numpy as np
import pytest

from models.baseline.count_vector import CountVector
from models.calibrate.calibrator import Calibrator
from models.calibrate.cross import CrossFitted, folds_of, take
from models.errors import DataError


def sessions(count: int, seed: int) -> list[tuple[int, ...]]:
    """Sessions of which about every tenth has counts that no other has."""
    rng = np.random.default_rng(seed)
    return [(1, 2) + (3,) * int(rng.geometric(0.08)) for _ in range(count)]


def test_a_block_lies_in_one_fold_and_folds_are_of_like_size() -> None:
    folds = folds_of([at // 7 for at in range(700)], 5)
    assert all(len(set(folds[at : at + 7])) == 1 for at in range(0, 700, 7))
    assert np.bincount(folds).tolist() == [140] * 5


def test_too_few_blocks_for_the_folds_are_refused() -> None:
    with pytest.raises(DataError, match="2 blocks"):
        folds_of(["a", "a", "b"], 3)


def test_a_detector_that_remembers_everything_still_gets_the_rate_that_was_asked_for() -> None:
    train, others = sessions(600, 1), sessions(6_000, 2)
    cross = CrossFitted(CountVector, folds_of(range(600), 5)).fit(train)
    achieved = (cross.log_p(cross.scores(others)) <= np.log(0.05)).mean()
    assert 0.02 < achieved < 0.09
    # Calibrated on what it learned from, it alerts at the rarest rate on every session that is new.
    model = CountVector().fit(train)
    naive = Calibrator().fit(model.score(train)).p(model.score(others))
    assert (model.score(train) == 0).all()
    assert (naive <= 1 / 600).mean() > 0.01


def test_the_normals_are_scored_by_the_detector_that_left_them_out() -> None:
    train = [*sessions(100, 1), (9, 9, 9)]
    cross = CrossFitted(CountVector, folds_of(range(101), 5)).fit(train)
    assert cross.out_of_fold[-1] > 0
    assert len(cross.normal_log_p()) == 101


def test_what_all_folds_find_beyond_their_normals_is_marked() -> None:
    cross = CrossFitted(CountVector, folds_of(range(200), 4)).fit(sessions(200, 1))
    assert cross.extrapolated(cross.scores([(7,) * 900, (1, 2, 3)])).tolist() == [True, False]


def test_folds_must_fit_the_data() -> None:
    with pytest.raises(DataError, match="3 folds are told for 2 items"):
        CrossFitted(CountVector, np.zeros(3, dtype=np.intp)).fit([(1,), (2,)])


def test_items_are_taken_from_lists_and_arrays_alike() -> None:
    assert take([5, 6, 7], np.array([True, False, True])) == [5, 7]
    assert take(np.array([5, 6, 7]), np.array([2, 0])).tolist() == [7, 5]
