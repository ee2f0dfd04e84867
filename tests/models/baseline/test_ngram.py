"""Runs of events that training never had."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.baseline.ngram import NGram, Stide
from models.errors import DataError
from tests.models import data


def test_the_share_counts_the_new_n_grams_of_every_length() -> None:
    model = NGram(order=2).fit([(1, 2, 3)])
    # 1, 2, the end: known. The end after 2: a known event in a new pair. One of six.
    assert model.score([(1, 2)])[0] == pytest.approx(1 / 6)
    # 9: new alone and after 1; the end: new after 9. Three of six.
    assert model.score([(1, 9)])[0] == pytest.approx(3 / 6)


def test_what_training_had_scores_nothing() -> None:
    sessions = data.sessions(50)
    assert not NGram().fit(sessions).score(sessions).any()
    assert not Stide().fit(sessions).score(sessions).any()


def test_a_session_of_new_events_scores_one_but_for_its_end() -> None:
    assert NGram().fit([(1, 2)]).score([(8,) * 300])[0] == pytest.approx(1, abs=0.01)


def grams(session: tuple[int, ...], size: int, order: int) -> set[tuple[int, ...]]:
    """The different n-grams that end at an event or at the end, by the definition."""
    row = (*(-1,) * order, *session, -2)
    return {row[end - size : end] for end in range(order + 1, len(row) + 1)}


@given(
    st.lists(st.lists(st.integers(1, 4), max_size=8).map(tuple), min_size=1, max_size=5),
    st.lists(st.lists(st.integers(0, 5), max_size=8).map(tuple), min_size=1, max_size=5),
    st.integers(1, 3),
    st.integers(0, 2),
)
def test_distinct_n_grams_count_once_as_the_definition_says(
    train: list[tuple[int, ...]], seen: list[tuple[int, ...]], shortest: int, more: int
) -> None:
    order = shortest + more
    model = NGram(order, shortest, distinct=True).fit(train)
    for session, score in zip(seen, model.score(seen), strict=True):
        shares = []
        for size in range(shortest, order + 1):
            known = set().union(*(grams(each, size, order) for each in train))
            own = grams(session, size, order)
            shares.append(len(own - known) / len(own))
        assert score == pytest.approx(np.mean(shares))


def test_a_loop_counts_once_where_n_grams_are_distinct() -> None:
    train = [(1, 2, 1, 2, 3)]
    loop, short = (1, 2, 9, 9) + (1, 2) * 50, (1, 2, 9, 9) + (1, 2) * 2
    assert len(set(NGram(2, 2, distinct=True).fit(train).score([loop, short]))) == 1
    assert len(set(NGram(2, 2).fit(train).score([loop, short]))) == 2


def test_learning_in_parts_is_learning_at_once() -> None:
    sessions, others = data.sessions(60), data.sessions(30, seed=1)
    parts = NGram().fit(sessions[:20]).partial_fit(sessions[20:])
    assert np.array_equal(parts.score(others), NGram().fit(sessions).score(others))


def test_a_dense_patch_outweighs_as_many_new_runs_spread_out() -> None:
    normal = tuple(range(1, 11)) * 30
    dense = (*normal[:150], 3, 1, 3, 1, 3, 1, *normal[150:])
    spread = list(normal)
    for at in (40, 80, 120, 160, 200, 240):
        spread[at] = 5
    model = Stide(order=2, frame=10).fit([normal])
    scores = model.score([normal, tuple(spread), dense])
    assert scores[0] < scores[1] < scores[2] <= 10


def test_a_frame_does_not_reach_over_the_border_of_a_session() -> None:
    model = Stide(order=2, frame=100).fit([(1, 2)])
    odd = (7, 7, 7)
    assert model.score([odd, (8, 8, 8)]).tolist() == [model.score([odd])[0]] * 2


def test_reasons_name_what_never_came() -> None:
    reason = NGram(order=2).fit([(1, 2, 3)]).explain([(1, 2, 9)], 0)[0]
    assert reason.text == "event 9 never came after event 2"
    assert reason.contribution == 2


@pytest.mark.parametrize("wrong", [{"shortest": 0}, {"shortest": 6}])
def test_a_shortest_n_gram_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(DataError, match="1 to 5"):
        NGram(**wrong)


@pytest.mark.parametrize("wrong", [{"order": 0}, {"order": 2, "frame": 0}])
def test_lengths_of_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(DataError):
        Stide(**wrong)
