from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base import State
from models.errors import DataError, ModelError, StoreError
from models.sequence import lstm
from models.sequence.lstm import Lstm
from models.sequence.surprise import POOLS
from tests.models.data import sessions


@cache
def fitted() -> Lstm:
    return Lstm(seed=1, width=16, states=32, budget=200_000).fit(sessions(150))


def changed(part: str, change: dict[str, Any]) -> State:
    state = fitted().state()
    parts = {"parameters": state.parameters, "facts": state.facts, "arrays": state.arrays}
    parts[part] = {**parts[part], **change}
    return State(**parts)


def test_a_session_that_breaks_off_has_a_more_surprising_end() -> None:
    whole, broken = fitted().surprises([(1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5)])
    assert broken[-1] > whole[-1] + 1


def test_order_is_judged() -> None:
    one, two = fitted().surprises([(1, 2, 3, 4, 6), (6, 3, 1, 4, 2)])
    assert two.sum() > one.sum() + 5


def test_a_session_scores_the_same_alone_and_among_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    some = [*sessions(30, seed=8), (1, 2) * 40, ()]
    together = fitted().score(some)
    monkeypatch.setattr(lstm, "TOGETHER", 20)
    assert np.abs(together - fitted().score(some)).max() < 1e-4
    alone = [fitted().score([each])[0] for each in some]
    assert np.abs(together - alone).max() < 1e-4


@given(st.lists(st.integers(2, 300), max_size=60), st.integers(1, 400))
def test_what_is_scored_at_a_time_is_bounded_with_its_padding(
    lengths: list[int], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lstm, "TOGETHER", most)
        patch.setattr(lstm, "ROWS", 7)
        groups = [*lstm._together(lengths)]
    assert sorted(at for group in groups for at in group) == [*range(len(lengths))]
    for group in groups:
        assert len(group) == 1 or len(group) * max(lengths[at] for at in group) <= most
        assert len(group) <= 7


def test_an_unknown_event_is_as_surprising_as_one_in_all_steps() -> None:
    told = fitted().surprises([(1, 2, 77, 3, 6), (1, 2, 0, 3, 6)])
    steps = sum(len(each) + 1 for each in sessions(150)) + 1
    assert told[0][2] == told[1][2] == pytest.approx(np.log(steps))


@pytest.mark.parametrize("pooling", POOLS)
def test_the_score_pools_the_surprises(pooling: str) -> None:
    odd = (1, 2, 3, 3, 1)
    other = Lstm.restore(changed("parameters", {"pooling": pooling}))
    assert other.score([odd])[0] == pytest.approx(POOLS[pooling](fitted().surprises([odd])[0]))


def test_the_explanation_names_step_probability_and_what_was_expected() -> None:
    told = fitted().surprises([(1, 6, 3, 6)])[0]
    first = fitted().explain([(1, 6, 3, 6)], 0, 6)[0]
    assert first.contribution == told.max()
    assert first.feature == f"step {told.argmax() + 1}"
    second = next(r for r in fitted().explain([(1, 6, 3, 6)], 0, 6) if r.feature == "step 2")
    assert second.text.startswith("event 6 at step 2 had probability ")
    assert "; expected event 2 (" in second.text


def test_it_scores_only_once_it_is_fitted() -> None:
    with pytest.raises(ModelError, match="not fitted"):
        Lstm().score([(1, 2)])


def test_a_pooling_that_is_not_there_is_refused() -> None:
    with pytest.raises(DataError, match="there are max, mean, top, sum"):
        Lstm(pooling="median")


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(StoreError, match="'head' is missing, or not of the shape"):
        Lstm.restore(changed("arrays", {"head": np.zeros((2, 2), np.float32)}))


def test_training_says_how_it_went() -> None:
    training = fitted().state().facts["training"]
    assert 1 <= training["best_epoch"] <= training["epochs"]
