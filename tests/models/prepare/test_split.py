"""Splits keep sessions whole and time in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.prepare.split import Split, at_time, by_session, by_time, folds, rolling

SESSIONS = st.lists(st.integers(0, 9), max_size=50)
DATA = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=50)


def whole(split: Split, count: int) -> None:
    """Every position is in one part."""
    assert sorted([*split.train, *split.test, *split.torn]) == list(range(count))


@given(SESSIONS, st.floats(0.05, 0.95), st.integers(0, 3))
def test_no_session_is_on_both_sides(sessions: list[int], share: float, seed: int) -> None:
    split = by_session(sessions, share, seed)
    whole(split, len(sessions))
    assert not split.torn
    assert not {sessions[at] for at in split.train} & {sessions[at] for at in split.test}


def test_about_the_share_of_sessions_is_for_the_test_and_more_data_move_none() -> None:
    few, many = by_session(range(1_000), 0.2), by_session(range(5_000), 0.2)
    assert 150 < len(few.test) < 250
    assert set(few.test) == {at for at in many.test if at < 1_000}
    assert by_session(range(1_000), 0.2, seed=1).test != few.test


@given(DATA, st.floats(0.05, 0.95))
def test_training_is_over_before_the_test_begins(data: list[tuple[int, int]], share: float) -> None:
    sessions, times = [s for s, _ in data], [float(t) for _, t in data]
    split = by_time(times, sessions, share=share)
    whole(split, len(data))
    if split.train and split.test:
        assert max(times[at] for at in split.train) < min(times[at] for at in split.test)
    sides = [{sessions[at] for at in part} for part in (split.train, split.test, split.torn)]
    assert sum(map(len, sides)) == len(set(sessions))


def test_a_session_that_goes_on_over_the_border_belongs_to_neither() -> None:
    split = at_time([1, 2, 3, 4], ["a", "b", "b", "c"], 3)
    assert (split.train, split.test, split.torn) == ([0], [3], [1, 2])
    assert at_time([1, 2, 3], None, 3) == Split([0, 1], [2], [])


@given(st.lists(st.integers(0, 9), min_size=20, max_size=60), st.integers(0, 3))
def test_each_session_is_tested_in_one_fold(sessions: list[int], seed: int) -> None:
    sessions = [0, 1, 2, *sessions]
    splits = folds(sessions, 3, seed)
    assert sorted(at for split in splits for at in split.test) == list(range(len(sessions)))
    for split in splits:
        whole(split, len(sessions))
        assert not {sessions[at] for at in split.train} & {sessions[at] for at in split.test}


def test_rolling_splits_go_on_in_time() -> None:
    splits = rolling([float(t) for t in range(10)], 2)
    assert [split.train for split in splits] == [[0, 1, 2], [0, 1, 2, 3, 4, 5]]
    assert [split.test for split in splits] == [[3, 4, 5], [6, 7, 8, 9]]


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        by_session([1], 1.0)
    with pytest.raises(DataError, match="do not make 3 folds"):
        folds([1, 1, 2], 3)
    with pytest.raises(DataError, match="one time"):
        rolling([5.0, 5.0], 2)
    with pytest.raises(DataError, match="1 sessions do not go with 2 times"):
        at_time([1.0, 2.0], ["a"], 1.5)
