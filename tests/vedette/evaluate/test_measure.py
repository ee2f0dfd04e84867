"""The areas are scikit-learn's, weights included; bounds are where the truth is."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from vedette.evaluate.bootstrap import achieved
from vedette.evaluate.measure import curve

RNG = np.random.default_rng(4)
LABELS = RNG.uniform(size=600) < 0.1
SCORES = RNG.normal(size=600) + LABELS
WEIGHTS = np.where(LABELS, 1.0, 79.0)


@pytest.mark.parametrize("digits", [12, 1, 0])
@pytest.mark.parametrize("weights", [WEIGHTS, np.ones(600), RNG.uniform(0.1, 5, 600)])
def test_the_areas_are_those_of_scikit_learn(digits: int, weights: np.ndarray) -> None:  # type: ignore[type-arg]
    scores = np.round(SCORES, digits)  # rounded scores tie
    ours = curve(scores, LABELS, weights)
    assert ours.pr_auc() == pytest.approx(
        average_precision_score(LABELS, scores, sample_weight=weights), abs=1e-12
    )
    assert ours.roc_auc() == pytest.approx(
        roc_auc_score(LABELS, scores, sample_weight=weights), abs=1e-12
    )


def test_the_oracle_is_the_best_of_all_thresholds() -> None:
    best = max(f1_score(LABELS, at <= SCORES, sample_weight=WEIGHTS) for at in np.unique(SCORES))
    assert curve(SCORES, LABELS, WEIGHTS).oracle_f1() == pytest.approx(best)


def test_scores_that_tell_nothing_have_the_area_of_chance() -> None:
    flat = curve(np.zeros(600), LABELS, np.ones(600))
    assert flat.roc_auc() == pytest.approx(0.5)
    assert flat.pr_auc() == pytest.approx(LABELS.mean())


def test_what_a_threshold_achieves_is_counted_by_weight() -> None:
    flagged = np.array([True, True, False, False])
    labels = np.array([True, False, True, False])
    got = achieved(flagged, labels, np.array([1.0, 79.0, 1.0, 79.0]), range(4))
    assert (got.recall, got.fpr) == (0.5, 0.5)
    assert got.precision == pytest.approx(1 / 80)
    assert got.f1 == pytest.approx(2 / 82)


def test_bounds_hold_the_true_rate_about_as_often_as_they_say() -> None:
    held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        labels = np.arange(1_000) < 100
        flagged = rng.uniform(size=1_000) < 0.05
        low, high = achieved(flagged, labels, np.ones(1_000), range(1_000), 300).fpr_bounds
        held += low <= 0.05 <= high
    assert 85 <= held <= 100


def test_blocks_that_belong_together_widen_the_bounds() -> None:
    labels = np.zeros(1_000, dtype=bool)
    flagged = np.arange(1_000) // 50 % 10 == 0
    apart = achieved(flagged, labels, np.ones(1_000), range(1_000)).fpr_bounds
    together = achieved(flagged, labels, np.ones(1_000), [at // 50 for at in range(1_000)])
    assert np.ptp(together.fpr_bounds) > 3 * np.ptp(apart)


def test_without_a_false_alarm_the_upper_bound_is_not_0() -> None:
    labels = np.arange(400) < 100
    got = achieved(labels, labels, np.ones(400), range(400))
    assert got.fpr_bounds[0] == 0
    assert 0.005 < got.fpr_bounds[1] < 0.02
    assert (got.precision, got.recall, got.f1) == (1.0, 1.0, 1.0)


def test_no_alert_at_all_is_no_division_by_0() -> None:
    labels = np.arange(40) < 10
    got = achieved(np.zeros(40, dtype=bool), labels, np.ones(40), range(40))
    assert (got.precision, got.recall, got.f1, got.fpr) == (0.0, 0.0, 0.0, 0.0)
