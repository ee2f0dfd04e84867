"""HDBSCAN scored in NumPy agrees with the library."""

from __future__ import annotations

import sys
import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from models.cluster.clustering import NOISE
from models.cluster.hdbscan import EXEMPLARS, Hdbscan
from models.errors import ModelError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import hdbscan as library


def blobs(seed: int = 0, each: int = 60) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Three clusters of differing density, and some noise."""
    rng = np.random.default_rng(seed)
    centres = np.array([[0.0, 0, 0], [6, 0, 0], [0, 8, 0]])
    rows = [rng.normal(c, s, (each, 3)) for c, s in zip(centres, (0.3, 0.6, 1.0), strict=True)]
    noise = rng.uniform(-4, 12, (each // 6, 3))
    labels = np.repeat([0, 1, 2, 3], [each, each, each, each // 6])
    return np.vstack([*rows, noise]), labels


@cache
def ours(**parameters: Any) -> Hdbscan:
    return Hdbscan(**parameters).fit(blobs()[0])


@cache
def theirs(min_cluster_size: int = 5, min_samples: int | None = None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return library.HDBSCAN(min_cluster_size, min_samples, prediction_data=True).fit(
            ours().places.points
        )


@pytest.mark.parametrize("sizes", [(5, None), (10, 3), (4, 12)])
def test_outlier_scores_are_those_of_the_library(sizes: tuple[int, int | None]) -> None:
    model = ours(min_cluster_size=sizes[0], min_samples=sizes[1])
    rows = np.vstack([blobs(1)[0], blobs()[0], np.full((1, 3), 40.0)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = library.approximate_predict_scores(theirs(*sizes), rows)
    assert np.abs(model.outlier(rows) - np.clip(expected, 0, 1)).max() < 1e-6


def test_core_distances_and_labels_are_those_of_the_library() -> None:
    assert np.allclose(ours().state().arrays["core"], theirs().prediction_data_.core_distances)
    assert np.array_equal(ours().places.labels, theirs().labels_)
    assert list(ours().persistence().values()) == pytest.approx(theirs().cluster_persistence_)


def test_clusters_are_those_that_were_made() -> None:
    rows, labels = blobs()
    model = ours(min_cluster_size=15)
    assert len(model.places.ids) == 3
    found, apart = model.assign(rows[labels < 3])
    assert adjusted_rand_score(labels[labels < 3], found) > 0.95
    assert (apart == 0).mean() > 0.8


def test_exemplars_lie_in_their_cluster() -> None:
    model = ours(min_cluster_size=15)
    for cluster, at in model.exemplars().items():
        assert len(at) == EXEMPLARS
        assert (model.places.labels[at] == cluster).all()


def test_what_is_farther_scores_higher_without_end() -> None:
    along = np.arange(20, 2_000, 20)[:, None] * np.ones(3)
    assert (np.diff(ours().score(along)) > 0).all()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 7])
def test_few_points_are_no_cluster_and_still_score(count: int) -> None:
    rows = np.random.default_rng(0).normal(size=(count, 2))
    model = Hdbscan().fit(np.repeat(rows, 9, axis=0))
    near, far = model.score(np.vstack([rows[:1], rows[:1] + 50]))
    assert near < far
    assert np.isfinite([near, far]).all()
    assert "nearest known cluster" in model.explain(rows, 0)[0].text or not len(model.places.ids)


def test_noise_alone_is_said_in_words() -> None:
    model = Hdbscan().fit([[0.0], [1.0], [9.0]])
    assert model.assign([[2.0]])[0].tolist() == [NOISE]
    assert "nothing known is alike enough for a cluster" in model.explain([[2.0]], 0)[0].text


def test_an_explanation_names_the_nearest_cluster_and_its_distance() -> None:
    reasons = ours(min_cluster_size=15).explain(np.array([[6.0, 0.0, 30.0]]), 0)
    assert reasons[0].feature == "cluster"
    assert "the nearest known cluster is " in reasons[0].text
    assert " times what is ordinary in it" in reasons[0].text
    assert "sparser there" in reasons[1].text


def test_without_the_library_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "hdbscan", None)
    with pytest.raises(ModelError, match=r"needs hdbscan: pip install 'vedette\[ml\]'"):
        Hdbscan().fit(blobs()[0])
