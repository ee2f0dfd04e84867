"""Splits keep sessions whole and time in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.prepare.split import Split, at_time, by_time

DATA = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=50)


def whole(split: Split, count: int) -> None:
    """Every position is in one part."""
    assert sorted([*split.train, *split.test, *split.torn]) == list(range(count))


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


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        by_time([1.0], share=1.0)
    with pytest.raises(DataError, match="1 sessions do not go with 2 times"):
        at_time([1.0, 2.0], ["a"], 1.5)
