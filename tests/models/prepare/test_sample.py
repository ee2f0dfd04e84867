"""Samples, weights, and changed sessions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from models.errors import DataError
from models.prepare import augment, balance, sample

SESSION = st.lists(st.integers(1, 5), max_size=12).map(tuple)
SHARE = st.floats(0, 1)


@given(st.lists(st.integers(), max_size=50), st.integers(1, 10))
def test_a_sample_is_part_of_the_stream_in_its_order(items: list[int], size: int) -> None:
    pairs = list(enumerate(items))
    found = sample.reservoir(iter(pairs), size)
    assert found == sorted(found)
    assert set(found) <= set(pairs)
    assert len(found) == min(size, len(items))


def test_every_item_of_a_stream_has_the_same_chance() -> None:
    counts = np.zeros(20)
    for seed in range(1_000):
        counts[sample.reservoir(range(20), 5, seed)] += 1
    assert (abs(counts - 250) < 75).all()


def test_no_group_is_there_too_often() -> None:
    groups = ["a"] * 50 + ["b"] * 2
    chosen = sample.at_most(groups, 3)
    assert [groups[at] for at in chosen] == ["a", "a", "a", "b", "b"]
    assert chosen == sample.at_most(groups, 3)
    assert chosen != sample.at_most(groups, 3, seed=1)


def test_equal_items_are_counted() -> None:
    assert sample.distinct(["x", "y", "x"]) == ([0, 1], [2, 1])


def test_short_sessions_and_rare_events_go() -> None:
    assert sample.long_enough([(1,), (1, 2), ()], 2) == [1]
    assert sample.without_rare([(1, 2), (1, 1, 3), (2,)], 2) == [(1, 2), (1, 1, 0), (2,)]
    with pytest.raises(DataError):
        sample.reservoir([], 0)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_class_weights_are_those_of_scikit_learn(labels: list[int]) -> None:
    found = balance.class_weights(labels)
    kinds = np.unique(labels)
    expected = compute_class_weight("balanced", classes=kinds, y=np.array(labels))
    assert [found[kind] for kind in kinds.tolist()] == pytest.approx(expected)
    assert balance.weights(labels, found).sum() == pytest.approx(len(labels))


def test_effective_weights_lie_between_none_and_balanced() -> None:
    labels = [0] * 10_000 + [1] * 10
    soft, hard = balance.effective_weights(labels), balance.class_weights(labels)
    assert 1 < soft[1] / soft[0] < hard[1] / hard[0]
    assert balance.weights(labels, soft).mean() == pytest.approx(1)
    assert balance.effective_weights(labels, 0.0) == {0: 1.0, 1: 1.0}


def test_items_are_weighed_by_the_way_that_is_named() -> None:
    labels = [False] * 3 + [True]
    assert balance.balanced(labels, "none") is None
    found = balance.balanced(labels, "classes")
    assert found is not None
    assert found.tolist() == pytest.approx([2 / 3] * 3 + [2])
    gentle = balance.balanced([False] * 3_000 + [True], "effective")
    assert gentle is not None
    assert 500 < gentle[-1] / gentle[0] < 3_000
    with pytest.raises(DataError, match="none, classes, effective"):
        balance.balanced(labels, "fair")


def test_smoothed_labels_are_still_probabilities() -> None:
    rows = balance.smoothed(balance.one_hot([0, 2], 4), 0.2)
    assert rows[0].tolist() == pytest.approx([0.85, 0.05, 0.05, 0.05])
    assert rows.sum(axis=1) == pytest.approx(np.ones(2))
    for wrong in (np.ones((2, 2)), np.full((1, 2), np.nan)):
        with pytest.raises(DataError):
            balance.smoothed(wrong)
    with pytest.raises(DataError, match="no class 4 among 4"):
        balance.one_hot([4], 4)


@given(SESSION, SHARE)
def test_each_change_keeps_to_what_it_says(session: tuple[int, ...], share: float) -> None:
    rng = np.random.default_rng(0)
    dropped = iter(session)
    assert all(event in dropped for event in augment.drop(session, share, rng))
    assert sorted(augment.swap(session, share, rng)) == sorted(session)
    longer = iter(augment.insert(session, share, rng, (9,)))
    assert all(event in longer for event in session)
    doubled = augment.repeat(session, share, rng)
    assert len(session) <= len(doubled) <= 2 * len(session)
    assert set(doubled) == set(session)


def test_something_always_stays() -> None:
    rng = np.random.default_rng(0)
    assert len(augment.drop((1, 2, 3), 1.0, rng)) == 1
    assert augment.drop((), 1.0, rng) == ()
    assert augment.repeat((1, 2), 1.0, rng) == (1, 1, 2, 2)


@given(st.lists(SESSION, max_size=8), SHARE)
def test_the_same_seed_changes_sessions_alike(
    sessions: list[tuple[int, ...]], share: float
) -> None:
    once = augment.augmented(sessions, share, times=2, seed=3)
    assert once == augment.augmented(sessions, share, times=2, seed=3)
    assert len(once) == 2 * len(sessions)
    known = {event for session in sessions for event in session}
    assert {event for session in once for event in session} <= known


def test_shares_out_of_range_are_refused() -> None:
    with pytest.raises(DataError):
        augment.augmented([(1,)], 1.5)
    with pytest.raises(DataError, match="no events to insert"):
        augment.insert((1,), 0.5, np.random.default_rng(0), ())
