"""Count vectors: the nearest known one, whatever the block."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base import Session
from models.baseline import count_vector
from models.baseline.count_vector import CountShare, CountVector
from tests.models import data


def test_the_distance_is_that_to_the_nearest_known_counts() -> None:
    model = CountVector().fit([(1, 1, 2), (3,)])
    scores = model.score([(2, 1, 1), (1, 2), (3, 3, 3), (9, 3), ()])
    assert scores.tolist() == [0, 1, 2, 1, 1]


def test_the_share_is_that_distance_for_each_event_and_the_end() -> None:
    known, others = data.sessions(60), data.sessions(60, seed=1)
    number, share = (kind().fit(known).score(others) for kind in (CountVector, CountShare))
    assert number.any()
    assert np.allclose(share, number / [len(session) + 1 for session in others])


def test_the_block_bounds_memory_and_changes_nothing() -> None:
    known, others = data.sessions(60), data.sessions(60, seed=1)
    small, large = CountVector(block=1).fit(known), CountVector().fit(known)
    assert np.array_equal(small.score(others), large.score(others))


SESSIONS = st.lists(st.lists(st.integers(0, 6), max_size=12).map(tuple), min_size=1, max_size=40)


@given(SESSIONS, SESSIONS, st.sampled_from([1, 7, 2_000_000]), st.sampled_from([1, 2, 32]))
def test_the_nearest_of_few_is_the_nearest_of_all(
    known: list[Session], others: list[Session], block: int, near: int
) -> None:
    model = CountVector(block).fit(known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(count_vector, "NEAR", near)
        found = model.score(others)
    assert found.tolist() == [min(_apart(each, one) for one in known) for each in others]


def _apart(one: Session, two: Session) -> int:
    there, here = Counter(one), Counter(two)
    return ((there - here) + (here - there)).total()
