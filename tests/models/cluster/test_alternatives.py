"""k-means, DBSCAN and spectral clustering: the clusters they find, and the distance as a score."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from models.cluster.clustering import Clustering
from models.cluster.dbscan import Dbscan
from models.cluster.kmeans import KMeans
from models.cluster.spectral import Spectral
from tests.models.cluster.test_hdbscan import blobs

MADE = {"k-means": KMeans(3), "dbscan": Dbscan(), "spectral": Spectral(3)}
each = pytest.mark.parametrize("name", MADE)


@cache
def fitted(name: str) -> Clustering:
    rows, labels = blobs()
    return MADE[name].fit(rows[labels < 3])


@each
def test_clusters_are_those_that_were_made(name: str) -> None:
    rows, labels = blobs(3)
    kept = labels < 3
    assert adjusted_rand_score(labels[kept], fitted(name).assign(rows[kept])[0]) > 0.9


@each
def test_what_is_ordinary_scores_about_one_and_the_far_far_more(name: str) -> None:
    rows, labels = blobs(3)
    assert 0.2 < np.median(fitted(name).score(rows[labels < 3])) < 2
    assert fitted(name).score(np.full((1, 3), 60.0))[0] > 20


@each
def test_an_explanation_names_the_cluster_and_the_column(name: str) -> None:
    reasons = fitted(name).explain(np.array([[0.0, 0.0, 50.0]]), 0, 2)
    assert [reason.feature for reason in reasons] == ["cluster", "column 2"]
    assert "above the nearest known place" in reasons[1].text


@each
def test_more_than_can_be_borne_is_sampled(name: str) -> None:
    kind = type(MADE[name])
    model = kind(most=50).fit(blobs()[0])  # type: ignore[call-arg]
    assert len(model.places.points) <= 50
    assert np.isfinite(model.score(blobs(4)[0])).all()


def test_distances_are_those_to_centres_and_core_points() -> None:
    rows = np.array([[1.0, 2, 3], [30, 1, 1]])
    for name in ("k-means", "dbscan"):
        places = fitted(name).places
        apart = np.linalg.norm(rows[:, None] - places.points, axis=2)
        scales = places.scales[places.labels[apart.argmin(axis=1)]]
        assert np.allclose(fitted(name).score(rows), apart.min(axis=1) / scales)


def test_a_radius_that_is_too_small_leaves_all_points_as_places() -> None:
    model = Dbscan(eps=1e-9).fit(blobs()[0])
    assert len(model.places.ids) == 0
    assert model.score(blobs()[0]).max() == 0
    assert "nothing known is alike" in model.explain(blobs(1)[0], 0)[0].text
