from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from models.sequence import forward, network
from models.sequence.masked_language_model import GROUPS, MaskedLanguageModel
from models.sequence.vocabulary import END, MASK, START
from models.sequence.words import LONGEST_WORD, Words, pieces
from models.train import heavy
from tests.models.data import texts


@cache
def fitted() -> MaskedLanguageModel:
    return MaskedLanguageModel(seed=1, context=32).fit(texts(200))


def test_scores_agree_with_torch() -> None:
    torch, model = heavy.torch(), fitted()
    net = model._net
    weights = {name: torch.tensor(each) for name, each in net.weights.items()}
    text = "connection from <*> opened by reset service 3"
    row = np.array([START, *model._words.tokens(text), END])
    told = np.zeros(len(row) - 2)
    for group in range(GROUPS):
        hidden = row.copy()
        hidden[1 + group : -1 : GROUPS] = MASK
        counts = torch.tensor(forward.occurrences(hidden[None], net.shape.counts))
        states = network.hidden(weights, net.shape, torch.tensor(hidden[None]), counts)[0]
        logs = torch.log_softmax(states @ weights["head"], -1).numpy()
        for step in range(group, len(told), GROUPS):
            told[step] = -logs[step + 1, row[step + 1]]
    assert np.abs(model.surprises([text])[0] - told).max() < 1e-3
    assert model.score([text])[0] == pytest.approx(told.mean(), abs=1e-3)


def test_known_words_in_another_order_are_stranger() -> None:
    usual, turned = fitted().score(
        ["connection from <*> opened by service 1", "by opened from service <*> 1 connection"]
    )
    assert turned > usual + 0.5


def test_the_explanation_names_the_word_that_does_not_fit() -> None:
    reason = fitted().explain(["connection from <*> opened service service 2"], 0)[0]
    assert reason.feature == "word 5"
    assert reason.text.startswith("'service' had probability 0.")
    assert "expected 'by' (" in reason.text


def test_a_text_without_words_scores_nothing_and_says_so() -> None:
    assert fitted().score([" "])[0] == 0
    assert fitted().explain([" "], 0)[0].text == "the text has no words"


def test_every_token_of_a_long_text_is_judged_once() -> None:
    told = fitted().surprises(["connection from <*> " * 40])[0]
    assert told.shape == (120,)
    assert (told > 0).all()


def test_numbers_are_alike_and_wildcards_are_one_piece() -> None:
    assert pieces("Port 8080 of <*> (x86)") == ["port", "0", "of", "<*>", "(", "x0", ")"]


def test_unknown_words_are_spelled_and_overlong_ones_are_unknown() -> None:
    words = Words.of(["alpha beta", "alpha gamma"])
    assert [words.word(token) for token in words.tokens("alpha")] == ["alpha"]
    assert [words.word(token) for token in words.tokens("beg")] == [" b", " e", " g"]
    assert words.tokens("z") == [0]
    assert words.tokens("a" * (LONGEST_WORD + 1)) == [0]
    assert words.spelled(words.tokens("alpha")[0]) == words.tokens("a l p h a")
