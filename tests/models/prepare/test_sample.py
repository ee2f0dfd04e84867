"""Samples, weights, and changed sessions."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from models.errors import DataError
from models.prepare import augment, balance
from models.prepare.sample import Sample, rare

SESSION = st.lists(st.integers(1, 5), max_size=12).map(tuple)
SHARE = st.floats(0, 1)


WINDOWS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-3000, 3000)), max_size=60)


def drawn(stream: list[tuple[str, int]], drawing: Sample) -> set[tuple[str, int]]:
    """What is inside in the end, by what is said of each event."""
    inside: set[tuple[str, int]] = set()
    for entity, number in stream:
        taken, gone = drawing.offer(entity, number)
        if gone is not None:
            inside.remove(gone)
        if taken:
            inside.add((entity, number))
        else:
            assert (entity, number) not in inside
    return inside


@given(WINDOWS, st.integers(1, 10), st.booleans(), st.randoms())
def test_a_sample_is_the_same_in_any_order_and_of_the_size_that_was_asked_for(
    stream: list[tuple[str, int]], most: int, each: bool, chance: random.Random
) -> None:
    drawing = Sample(most, each=each)
    found = drawn(stream, drawing)
    mixed = chance.sample(stream, len(stream))
    assert drawn(mixed, Sample(most, each=each)) == found <= set(stream)
    every = Counter(entity for entity, _ in set(stream))
    assert drawing.seen == every
    assert drawing.kept == Counter(entity for entity, _ in found)
    if each:
        assert drawing.kept == Counter({e: min(n, most) for e, n in every.items()})
    else:
        assert len(found) == min(most, every.total())


def test_a_window_that_is_out_does_not_come_back() -> None:
    """Or a part of it would be taken for the whole."""
    drawing, out = Sample(5), set()
    for number in [*range(200), *range(200)]:
        taken, gone = drawing.offer("a", number)
        assert not (taken and number in out)
        out |= {gone[1]} if gone else set()
        out |= set() if taken else {number}


def test_every_window_has_the_same_chance() -> None:
    counts = np.zeros(20)
    for seed in range(1_000):
        counts[[number for _, number in drawn([("a", n) for n in range(20)], Sample(5, seed))]] += 1
    assert (abs(counts - 250) < 75).all()


def test_rare_events_are_those_of_few_sessions() -> None:
    assert rare([(1, 2), (1, 1, 3), (2,)], 2) == {3}
    assert rare([(1, 1, 1)], 2) == {1}
    with pytest.raises(DataError):
        Sample(0)


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
