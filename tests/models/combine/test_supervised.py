"""Combination with labels: NumPy says what scikit-learn says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from models.base import State
from models.combine.boosting import Boosting
from models.combine.supervised import Logistic
from models.errors import DataError, StoreError

RNG = np.random.default_rng(1)
FEATURES = RNG.normal(size=(300, 4)) * [1, 10, 0.1, 1]
LABELS = (FEATURES[:, 0] + FEATURES[:, 1] / 10 + RNG.normal(0, 0.5, 300)) > 0.3
WEIGHTS = np.where(LABELS, 3.0, 1.0)
each_kind = pytest.mark.parametrize("kind", [Logistic, Boosting])


def test_logistic_regression_says_what_scikit_learn_says() -> None:
    scaled = (FEATURES - FEATURES.mean(axis=0)) / FEATURES.std(axis=0)
    theirs = LogisticRegression(max_iter=1_000).fit(scaled, LABELS, sample_weight=WEIGHTS)
    ours = Logistic().fit(FEATURES, LABELS, WEIGHTS).probability(FEATURES)
    assert ours == pytest.approx(theirs.predict_proba(scaled)[:, 1], abs=1e-6)


def test_boosting_says_what_scikit_learn_says() -> None:
    theirs = GradientBoostingClassifier(random_state=0)
    theirs.fit(FEATURES.astype(np.float32), LABELS, sample_weight=WEIGHTS)
    others = RNG.normal(size=(200, 4)) * [1, 10, 0.1, 1]
    ours = Boosting().fit(FEATURES, LABELS, WEIGHTS).probability(others)
    assert ours == pytest.approx(theirs.predict_proba(others.astype(np.float32))[:, 1], abs=1e-6)


@each_kind
def test_a_restored_model_says_the_same(kind: Any) -> None:
    model = kind().fit(FEATURES, LABELS)
    again = kind.restore(model.state())
    assert np.array_equal(again.probability(FEATURES), model.probability(FEATURES))


@each_kind
def test_labels_of_one_kind_teach_nothing(kind: Any) -> None:
    with pytest.raises(DataError, match="both kinds"):
        kind().fit(FEATURES, np.ones(300))
    with pytest.raises(DataError, match="2 labels"):
        kind().fit(FEATURES, np.array([0, 1]))


@each_kind
def test_a_foreign_state_is_refused(kind: Any) -> None:
    with pytest.raises(StoreError):
        kind.restore(State({}, {}, {}))


def test_trees_that_lead_nowhere_are_refused() -> None:
    state = Boosting(trees=3).fit(FEATURES, LABELS).state()
    for key, value in (("left", 10**6), ("feature", 7)):
        bad = {**state.arrays, key: np.where(state.arrays["feature"] >= 0, value, -2)}
        with pytest.raises(StoreError, match="lead nowhere"):
            Boosting.restore(State(state.parameters, state.facts, bad))


def test_reasons_name_what_moves_the_odds_most() -> None:
    model = Logistic().fit(FEATURES, LABELS)
    reasons = model.explain(np.array([3.0, 0.0, 0.0, 0.0]), list("abcd"), 1)
    assert model.explain(FEATURES.mean(axis=0), list("abcd")) == []
    assert "inf" not in model.explain(np.array([1e9, 0.0, 0.0, 0.0]), list("abcd"), 1)[0].text
    assert reasons[0].feature == "a"
    assert reasons[0].text.startswith("a: raises the odds by a factor of")


def test_odds_after_weights_are_taken_back_are_about_those_that_came() -> None:
    rare = FEATURES[:, 0] + RNG.normal(0, 1.0, 300) > 1.8
    weights = np.where(rare, (~rare).sum() / rare.sum(), 1.0)
    raised = Logistic().fit(FEATURES, rare, weights)
    order = np.argsort(raised.probability(FEATURES))
    assert raised.probability(FEATURES).mean() > 2 * rare.mean()
    found = raised.unweighed(rare, weights).probability(FEATURES)
    assert (np.argsort(found) == order).all()
    assert found.mean() == pytest.approx(rare.mean(), abs=0.05)


def test_trees_are_no_surer_of_others_than_items_that_did_not_teach_them_allow() -> None:
    noise = RNG.random(300) < 0.2
    plain, settled = Boosting().fit(FEATURES, noise), Boosting().calibrated(FEATURES, noise)
    others = RNG.normal(size=(200, 4)) * [1, 10, 0.1, 1]
    assert plain.probability(others).std() > 0.1, "by heart"
    assert settled.probability(others) == pytest.approx(noise.mean(), abs=0.1)
    found = Boosting().calibrated(FEATURES, LABELS).probability(others)
    order = np.argsort(Boosting().fit(FEATURES, LABELS).probability(others), kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert found.min() < 0.1 < 0.9 < found.max()


def test_weights_move_trees_and_not_how_many_are_true() -> None:
    rare = FEATURES[:, 0] + RNG.normal(0, 1.0, 300) > 1.8
    weights = np.where(rare, (~rare).sum() / rare.sum(), 1.0)
    raised = Boosting().fit(FEATURES, rare, weights).probability(FEATURES)
    found = Boosting().calibrated(FEATURES, rare, weights).probability(FEATURES)
    assert raised.mean() > 1.3 * rare.mean()
    assert found.mean() == pytest.approx(rare.mean(), abs=0.08)


def test_one_true_label_cannot_calibrate_trees() -> None:
    with pytest.raises(DataError, match="two labels of either kind"):
        Boosting().calibrated(FEATURES, np.arange(300) == 7)


def test_what_moves_trees_is_told_beside_the_usual_and_what_they_never_ask_for_is_not() -> None:
    features = np.column_stack([FEATURES[:, 0], np.zeros(300)])
    model = Boosting().fit(features, FEATURES[:, 0] > 1)
    high, low = (model.explain(np.array([at, 5.0]), ["a", "b"]) for at in (3.0, 0.0))
    assert [each.feature for each in high] == ["a"]
    assert high[0].text.startswith("a: raises the odds by a factor of")
    assert low == []
