from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from models.base import State
from models.errors import StoreError
from models.sequence import forward, masked, network
from models.sequence.logbert import LogBert
from models.sequence.vocabulary import MASK
from models.train import heavy
from tests.models.data import sessions


@cache
def fitted() -> LogBert:
    return LogBert(seed=1, context=16).fit(sessions(150))


def test_scores_agree_with_torch() -> None:
    torch, model = heavy.torch(), fitted()
    net = model._net
    weights = {name: torch.tensor(each) for name, each in net.weights.items()}
    for session in [*sessions(10, seed=5), (1, 6), (2, 2, 2, 1)]:
        tokens = model._vocabulary.tokens(session)

        def states(row: np.ndarray) -> np.ndarray:
            counts = torch.tensor(forward.occurrences(row[None], net.shape.counts))
            return network.hidden(weights, net.shape, torch.tensor(row[None]), counts)[0]

        told = np.zeros(len(session))
        for group in range(4):
            hidden = tokens.copy()
            hidden[1 + group : -1 : 4] = MASK
            logs = torch.log_softmax(states(hidden) @ weights["head"], -1).numpy()
            for step in range(group, len(session), 4):
                told[step] = -logs[step + 1, tokens[step + 1]]
        far = np.square(states(tokens)[0].numpy() - model._centre).sum() / model._far
        assert model.score([session])[0] == pytest.approx(told.max() + far, abs=1e-3)


def test_an_event_that_does_not_fit_is_more_surprising_than_one_that_does() -> None:
    usual, other = fitted().surprises([(1, 2, 3, 4, 6), (1, 6, 3, 4, 6)])
    assert other[1] > usual[1] + 1


def test_what_is_nothing_like_training_is_farther_from_the_centre() -> None:
    usual = fitted().distances(sessions(100))
    assert usual.mean() == pytest.approx(1, rel=0.35)
    assert fitted().distances([(9, 9, 6, 6, 6, 1)])[0] > np.quantile(usual, 0.9)


def test_every_event_of_a_long_session_is_judged_once() -> None:
    long = (1, 2, *(3, 4, 5) * 30, 6)
    told = fitted().surprises([long])[0]
    assert told.shape == (len(long),)
    assert (told > 0).all()


def test_sessions_that_share_windows_score_as_each_does_alone() -> None:
    longer = [(1, 2, 3, 4) * 9, (1, 2, 3, 4) * 12, (4, 3) * 10 + (1, 2, 3, 4) * 9]
    alone = [float(fitted().score([each])[0]) for each in longer]
    assert np.allclose(fitted().score(longer), alone, rtol=1e-5)


def test_the_explanation_names_the_event_and_what_was_expected() -> None:
    session = (1, 6, 3, 6)
    reasons = {reason.feature: reason for reason in fitted().explain([session], 0, most=9)}
    assert set(reasons) == {"distance", "step 1", "step 2", "step 3", "step 4"}
    assert reasons["step 2"].text.startswith("event 6 at step 2, when hidden, had probability 0.")
    assert "; expected event 2 (" in reasons["step 2"].text
    assert "times as far from the centre" in reasons["distance"].text


def test_a_late_step_of_a_long_session_is_explained_in_its_own_window() -> None:
    long = [1, 2, *(3, 4, 5) * 30, 6]
    long[60] = 77
    reasons = fitted().explain([tuple(long)], 0, most=5)
    assert any(each.text.startswith("an unknown event at step 61,") for each in reasons)


def test_attention_is_there_for_each_layer_and_head() -> None:
    seen = fitted().attention((1, 2, 3, 6))
    assert [each.shape for each in seen] == [(4, 6, 6)] * 2
    # Both sides are seen.
    assert np.triu(seen[0][0], 1).any()


def test_a_centre_that_does_not_fit_is_refused() -> None:
    state = fitted().state()
    arrays = {**state.arrays, "centre": np.zeros(3, np.float32)}
    with pytest.raises(StoreError, match="'centre'"):
        LogBert.restore(State(state.parameters, state.facts, arrays))


def test_what_is_to_be_guessed_is_never_padding_and_never_the_first_token() -> None:
    shape = fitted()._net.shape
    tokens = np.tile(np.arange(8), (50, 1))
    weight = np.ones((50, 8))
    weight[:, 5:] = 0
    made = masked.batch(shape, 0.3, {}, tokens, weight, np.random.default_rng(0))
    assert not made["weight"][:, 0].any()
    assert not made["weight"][:, 5:].any()
    assert (made["weight"].sum(axis=1) >= 1).all()
    assert (made["tokens"] == MASK)[made["weight"] > 0].mean() == pytest.approx(0.8, abs=0.15)
    untouched = made["weight"] == 0
    assert np.array_equal(made["tokens"][untouched], tokens[untouched])
