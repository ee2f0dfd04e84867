"""A restless beginning is left out of a calibration, and nothing of what is steady."""

from __future__ import annotations

import numpy as np

from models.baseline.new_value import NewValue
from models.calibrate.calibrator import Calibrator
from models.calibrate.cross import CrossFitted, folds_of
from models.calibrate.settled import settled

BLOCKS = [at // 10 for at in range(1_000)]


def uniform(seed: int, count: int = 1_000) -> np.ndarray:  # type: ignore[type-arg]
    return np.log(np.random.default_rng(seed).uniform(size=count))


def begun(seed: int) -> np.ndarray:  # type: ignore[type-arg]
    """log p of normals of which a third of the first fifteenth hundred are the strangest."""
    log_p = uniform(seed)
    log_p[:150:3] -= 6
    return log_p


def test_a_strange_beginning_is_left_out_and_little_more() -> None:
    for seed in range(10):
        kept = settled(begun(seed), BLOCKS)
        assert not kept[:100].any()
        assert kept[500:].all()


def test_what_is_steady_is_mostly_kept_whole() -> None:
    whole = [settled(uniform(seed), BLOCKS).all() for seed in range(60)]
    assert np.mean(whole) > 0.85


def test_blocks_of_items_that_are_strange_together_are_no_beginning() -> None:
    whole = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        together = np.repeat(rng.exponential(size=100), 10)
        whole.append(settled(-together, BLOCKS).all())
    assert np.mean(whole) > 0.8


def test_a_block_is_never_cut_and_half_is_kept_at_least() -> None:
    for seed in range(10):
        log_p = uniform(seed)
        log_p[:480] -= 3
        kept = settled(log_p, BLOCKS)
        assert 500 <= kept.sum() <= 600
        assert all(len(set(kept[at : at + 10])) == 1 for at in range(0, 1_000, 10))


def test_where_no_beginning_is_to_blame_nothing_is_left_out() -> None:
    assert settled(np.linspace(-9, 0, 1_000), BLOCKS).all()


def test_a_week_that_ends_with_a_quiet_weekend_is_no_restless_beginning() -> None:
    for seed in range(20):
        log_p = uniform(seed)
        log_p[710:] /= 10
        assert settled(log_p, BLOCKS).all()


def test_normals_that_are_all_alike_are_all_kept() -> None:
    assert settled(np.zeros(50), range(50)).all()


def test_later_normals_get_the_rate_that_was_asked_for_after_a_strange_beginning() -> None:
    rates = {"cut": 0.0, "whole": 0.0}
    for seed in range(20):
        train, later = begun(seed), uniform(100 + seed, 4_000)
        kept = settled(train, BLOCKS)
        for name, normals in (("cut", train[kept]), ("whole", train)):
            log_p = Calibrator().fit(-normals).log_p(-later)
            rates[name] += float((log_p <= np.log(0.01)).mean()) / 20
    assert rates["whole"] < 0.002
    assert 0.006 < rates["cut"] < 0.015


def test_all_is_learned_and_only_the_calibration_leaves_the_beginning_out() -> None:
    rng = np.random.default_rng(0)
    early = [(1, 2, 100 + at) if at % 2 else (1, 2) for at in range(100)]
    train = [*early, *((1, 2, int(each)) for each in rng.integers(3, 6, 900))]
    folds = folds_of(range(1_000), 5)
    cross = CrossFitted(NewValue, folds).fit(train, range(1_000))
    assert len(cross.out_of_fold) == 1_000
    assert not cross.settled[:100].any()
    assert cross.calibrator.count == cross.settled.sum()
    assert CrossFitted(NewValue, folds).fit(train).settled.all()
