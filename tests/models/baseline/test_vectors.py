"""Detectors over vectors score as scikit-learn does, and restore only what holds together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.base import State, Takes
from models.baseline.isolation_forest import IsolationForest
from models.baseline.lof import Lof
from models.baseline.one_class_svm import OneClassSvm
from models.baseline.pca import Pca
from models.errors import DataError, StoreError
from tests.models import data

TRAINING = data.vectors(300)
OTHERS = np.vstack([data.vectors(60, seed=1), data.strange(Takes.VECTORS), TRAINING[:5]])
KINDS = [Pca, IsolationForest, OneClassSvm, Lof]


def scaled(rows: Any) -> Any:
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit(TRAINING).transform(rows)


def test_an_isolation_forest_scores_as_scikit_learn_does() -> None:
    from sklearn.ensemble import IsolationForest as Theirs

    theirs = Theirs(n_estimators=50, max_samples=200, random_state=3).fit(scaled(TRAINING))
    ours = IsolationForest(trees=50, sample=200, seed=3).fit(TRAINING)
    assert np.allclose(ours.score(OTHERS), -theirs.score_samples(scaled(OTHERS)), atol=1e-6)


def test_a_one_class_svm_decides_as_scikit_learn_does() -> None:
    from sklearn.svm import OneClassSVM

    theirs = OneClassSVM(nu=0.1).fit(scaled(TRAINING))
    ours = OneClassSvm(nu=0.1).fit(TRAINING)
    want = theirs.decision_function(scaled(OTHERS))
    assert np.allclose(ours.decision(scaled(OTHERS)), want, atol=1e-6)
    assert np.allclose(ours.score(OTHERS), -want, atol=1e-4)


def test_a_local_outlier_factor_is_that_of_scikit_learn() -> None:
    from sklearn.neighbors import LocalOutlierFactor

    theirs = LocalOutlierFactor(n_neighbors=15, novelty=True).fit(scaled(TRAINING))
    ours = Lof(neighbours=15).fit(TRAINING)
    assert np.allclose(ours.score(OTHERS), -theirs.score_samples(scaled(OTHERS)), rtol=1e-6)


def test_the_two_parts_of_pca_are_those_of_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    theirs = PCA(n_components=0.9).fit(scaled(TRAINING))
    ours = Pca(share=0.9).fit(TRAINING)
    along = theirs.transform(scaled(OTHERS))
    outside = scaled(OTHERS) - theirs.inverse_transform(along)
    within, residual = ours.parts(scaled(OTHERS))
    assert np.allclose(within, (along**2 / theirs.explained_variance_).sum(axis=1))
    assert np.allclose(residual, (outside**2).sum(axis=1))


def test_pca_sees_a_row_that_is_usual_in_each_column_and_breaks_their_bond() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=300)
    model = Pca().fit(np.stack([one, one + rng.normal(0, 0.05, 300)], axis=1))
    broken, usual = model.score(np.array([[1.5, -1.5], [1.5, 1.5]]))
    assert broken > 10 * usual


@pytest.mark.parametrize("kind", KINDS)
def test_reasons_name_the_column_that_is_off(kind: Any) -> None:
    row = data.vectors(10, seed=1)[3:4].copy()
    row[0, 4] += 40
    reason = kind().fit(TRAINING).explain(row, 0)[0]
    assert reason.feature == "column 4"
    assert "standard deviations above the mean" in reason.text


@pytest.mark.parametrize("kind", KINDS)
def test_one_row_is_enough_to_learn_from(kind: Any) -> None:
    assert np.isfinite(kind().fit(TRAINING[:1]).score(OTHERS)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_another_width_are_refused(kind: Any) -> None:
    with pytest.raises(DataError, match="expected 6 columns"):
        kind().fit(TRAINING).score(np.ones((2, 5)))


@pytest.mark.parametrize("kind", [OneClassSvm, Lof])
def test_no_more_than_a_sample_is_learned(kind: Any) -> None:
    model = kind(most=40).fit(TRAINING)
    assert max(len(array) for array in model.state().arrays.values()) <= 40
    assert np.isfinite(model.score(OTHERS)).all()


@pytest.mark.parametrize(
    ("name", "value"), [("left", 0), ("right", 10**6), ("feature", 6), ("roots", -1)]
)
def test_a_forest_whose_walks_do_not_end_is_refused(name: str, value: int) -> None:
    state = IsolationForest(trees=2).fit(TRAINING).state()
    broken = state.arrays[name].copy()
    broken[0] = value
    with pytest.raises(StoreError, match="hold together"):
        IsolationForest.restore(replace(state, arrays={**state.arrays, name: broken}))


def test_support_vectors_without_weights_are_refused() -> None:
    state = OneClassSvm().fit(TRAINING).state()
    broken = State(state.parameters, state.facts, {**state.arrays, "weights": np.ones(1)})
    with pytest.raises(StoreError, match="do not fit"):
        OneClassSvm.restore(broken)
