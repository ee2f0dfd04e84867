"""Clusters that are made anew keep their numbers."""

from __future__ import annotations

import numpy as np

from models.cluster.hdbscan import Hdbscan
from models.cluster.identity import matched, renamed
from tests.models.cluster.test_hdbscan import blobs


def test_the_larger_overlap_wins_and_each_cluster_is_taken_once() -> None:
    before = [0] * 10 + [1] * 4 + [-1] * 3
    after = np.array([5] * 8 + [6] * 2 + [6] * 4 + [7] * 3)
    assert matched(before, after) == {5: 0, 6: 1}


def test_a_cluster_that_shares_little_is_another() -> None:
    assert matched([0] * 10 + [1] * 10, np.array([3] * 4 + [4] * 6 + [3] * 6 + [4] * 4)) == {
        3: 1,
        4: 0,
    }
    assert matched([0] * 9, np.array([1, 2, 3, 1, 2, 3, 1, 2, 3])) == {1: 0}
    assert matched([-1] * 3, np.array([1, 1, 1])) == {}


def test_new_clusters_get_numbers_that_were_never_used() -> None:
    assert renamed(np.array([0, 1, 2]), {1: 7}, 12) == ({0: 12, 1: 7, 2: 13}, 14)


def test_numbers_stay_over_refits_with_more_data() -> None:
    first = Hdbscan(15).fit(blobs()[0])
    rows = np.vstack([blobs(1)[0], np.random.default_rng(2).normal(-9, 0.1, (80, 3))])
    second = Hdbscan(15).fit(rows[::-1])
    second.keep_ids(matched(first.places.labels, second.assign(first.places.points)[0]), 3)
    for centre in ([0.0, 0, 0], [6, 0, 0], [0, 8, 0]):
        assert first.assign([centre])[0] == second.assign([centre])[0]
    assert second.assign([[-9.0] * 3])[0] == [3]
    assert second.following == 4
    assert sorted(second.exemplars()) == [0, 1, 2, 3]
