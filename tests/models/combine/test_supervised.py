"""Combination with labels: NumPy says what scikit-learn says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from models.base import State
from models.combine.supervised import Boosting, Logistic
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
    assert reasons[0].feature == "a"
    assert reasons[0].text.startswith("a raises the odds by a factor of")


def test_odds_after_weights_are_taken_back_are_about_those_that_came() -> None:
    rare = FEATURES[:, 0] + RNG.normal(0, 1.0, 300) > 1.8
    weights = np.where(rare, (~rare).sum() / rare.sum(), 1.0)
    raised = Logistic().fit(FEATURES, rare, weights)
    order = np.argsort(raised.probability(FEATURES))
    assert raised.probability(FEATURES).mean() > 2 * rare.mean()
    found = raised.unweighed(rare, weights).probability(FEATURES)
    assert (np.argsort(found) == order).all()
    assert found.mean() == pytest.approx(rare.mean(), abs=0.05)
