from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from models.base import State
from models.errors import DataError, ModelError, StoreError
from models.sequence import forward, gpt, network
from models.sequence.gpt import Gpt
from models.sequence.surprise import POOLS
from models.train import heavy
from tests.models.data import sessions


@cache
def fitted() -> Gpt:
    return Gpt(seed=1, context=16).fit(sessions(150))


def changed(part: str, change: dict[str, Any]) -> State:
    state = fitted().state()
    parts = {"parameters": state.parameters, "facts": state.facts, "arrays": state.arrays}
    parts[part] = {**parts[part], **change}
    return State(**parts)


def tensors() -> dict[str, Any]:
    torch = heavy.torch()
    return {name: torch.tensor(each) for name, each in fitted().state().arrays.items()}


def test_scores_agree_with_torch() -> None:
    torch, model = heavy.torch(), fitted()
    shape, weights = model.trained.shape, tensors()
    some = [*sessions(40, seed=5), (1, 6), (2, 2, 2, 1)]
    for session, told in zip(some, model.surprises(some), strict=True):
        tokens = model._vocabulary.tokens(session)[None]
        counts = torch.tensor(forward.occurrences(tokens[:, :-1], shape.counts))
        states = network.hidden(weights, shape, torch.tensor(tokens[:, :-1]), counts)
        chances = torch.log_softmax(states @ weights["head"], -1).numpy()[0]
        theirs = -chances[np.arange(len(session) + 1), tokens[0, 1:]]
        assert np.abs(told - theirs).max() < 1e-3


def test_a_session_that_breaks_off_is_stranger_than_one_that_does_not() -> None:
    whole, broken = fitted().score([(1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5)])
    assert broken > whole + 1


def test_a_session_that_goes_on_after_its_end_is_strange() -> None:
    whole, longer = fitted().score([(1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5, 6, 3)])
    assert longer > whole + 1


def test_a_session_scores_the_same_alone_and_among_others() -> None:
    some = [*sessions(30, seed=8), (1, 2) * 40]
    together = fitted().score(some)
    alone = [fitted().score([each])[0] for each in some]
    assert np.abs(together - alone).max() < 1e-4


def test_every_step_of_a_long_session_is_judged_once() -> None:
    long = (1, 2, *(3, 4, 5) * 30, 6)
    told = fitted().surprises([long])[0]
    assert told.shape == (len(long) + 1,)
    assert (told > 0).all()


@pytest.mark.parametrize("place", [5, 40, 80])
def test_what_is_strange_in_a_long_session_is_found_wherever_it_is(place: int) -> None:
    long = [1, 2, *(3, 4, 5) * 30, 6]
    plain = fitted().surprises([tuple(long)])[0]
    long[place] = 77
    assert fitted().surprises([tuple(long)])[0][place] > plain[place] + 3


def test_an_unknown_event_is_as_surprising_as_one_in_all_steps() -> None:
    told = fitted().surprises([(1, 2, 77, 3, 6), (1, 2, 0, 3, 6)])
    steps = sum(len(each) + 1 for each in sessions(150)) + 1
    assert told[0][2] == told[1][2] == pytest.approx(np.log(steps))


@pytest.mark.parametrize("pooling", POOLS)
def test_the_score_pools_the_surprises_of_both_views_and_adds_them(pooling: str) -> None:
    odd = (1, 2, 3, 3, 1)
    other = Gpt.restore(changed("parameters", {"pooling": pooling}))
    views = [fitted().surprises([odd], view)[0] for view in ("order", "counts")]
    pooled = [POOLS[pooling](told) for told in views]
    assert other.score([odd])[0] == pytest.approx(sum(pooled))
    one = Gpt.restore(changed("parameters", {"pooling": pooling, "view": "counts"}))
    assert one.score([odd])[0] == pytest.approx(pooled[1])


def test_counts_are_judged_without_order() -> None:
    one, two = fitted().surprises([(1, 2, 3, 4, 6), (6, 3, 1, 4, 2)], "counts")
    assert np.array_equal(one, two)
    assert one.sum() < fitted().surprises([(1, 2, 3, 4)], "counts")[0].sum()


def test_order_is_judged_by_the_view_of_order() -> None:
    told = [each.sum() for each in fitted().surprises([(1, 2, 3, 4, 6), (6, 3, 1, 4, 2)])]
    assert told[1] > told[0] + 5


def test_counts_of_a_long_session_are_judged_part_by_part() -> None:
    long = (1, 2, *(3, 4, 5) * 30, 6)
    told = fitted().surprises([long], "counts")[0]
    assert len(told) == len(long) + -(-len(long) // 15)


def test_a_view_that_is_not_there_is_refused() -> None:
    with pytest.raises(DataError, match="there are order, counts, both"):
        Gpt(view="sideways")


def test_a_pooling_that_is_not_there_is_refused() -> None:
    with pytest.raises(DataError, match="there are max, mean, top, sum"):
        Gpt(pooling="median")


def test_the_explanation_names_step_probability_and_what_was_expected() -> None:
    model = Gpt.restore(changed("parameters", {"view": "order"}))
    reasons = model.explain([(1, 6, 3, 6)], 0)
    assert reasons[0].feature == "step 2"
    assert reasons[0].text.startswith("event 6 at step 2 had probability 0.0")
    assert "; expected event 2 (" in reasons[0].text
    assert reasons[0].contribution == pytest.approx(model.score([(1, 6, 3, 6)])[0])


def test_the_explanation_names_what_is_missing() -> None:
    model = Gpt.restore(changed("parameters", {"view": "counts"}))
    texts = [reason.text for reason in model.explain([(2, 3, 4, 5, 6)], 0, most=9)]
    (text,) = (each for each in texts if each.startswith("counted without order, event 2 had"))
    assert "; expected event 1 (" in text


def test_hiding_what_matters_moves_what_is_foretold() -> None:
    moved = fitted().occlusion((1, 2, 3, 4, 5, 6), 6)
    assert moved.shape == (6,)
    # Sessions end after event 6 and nowhere else.
    assert moved.argmax() == 5
    assert moved[5] > 0.5


def test_attention_is_there_for_each_layer_and_head() -> None:
    seen = fitted().attention((1, 2, 3, 6))
    assert [each.shape for each in seen] == [(4, 5, 5)] * 2
    assert np.allclose(seen[0].sum(-1), 1)


def test_what_is_not_fitted_cannot_score() -> None:
    with pytest.raises(ModelError, match="not fitted"):
        Gpt().score([(1, 2)])


@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        ("facts", {"events": [1, 2]}, "8 tokens are named"),
        ("facts", {"shape": {"tokens": 12, "depth": 3}}, "not understood"),
        ("facts", {"shape": {"tokens": 12, "width": 1 << 40}}, "no network can have the shape"),
        ("arrays", {"head": np.zeros((3, 3), np.float32)}, "'head' is missing, or not"),
        ("arrays", {"norm": np.full(32, np.nan, np.float32)}, "'norm' does not hold finite"),
    ],
)
def test_a_state_that_does_not_hold_together_is_refused(
    part: str, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(StoreError, match=said):
        Gpt.restore(changed(part, change))


def test_training_says_how_it_went() -> None:
    told = fitted().state().facts["training"]
    assert told["device"] == "cpu"
    assert 1 <= told["best_epoch"] <= told["epochs"]
    assert told["held_out_loss"] < 2


def test_the_loss_is_what_scoring_measures() -> None:
    torch, model = heavy.torch(), fitted()
    tokens = model._vocabulary.tokens((1, 2, 3, 4, 6))[None]
    counts = model.trained.shape.counts
    batch = gpt._batch(counts, 0.0, {}, tokens, np.ones((1, 7)), np.random.default_rng(0))
    given = {name: torch.tensor(each) for name, each in batch.items()}
    total, weight = gpt.loss(model.trained.shape, tensors(), given)
    assert float(weight) == 6
    assert float(total) == pytest.approx(model.surprises([(1, 2, 3, 4, 6)])[0].sum(), abs=1e-3)
