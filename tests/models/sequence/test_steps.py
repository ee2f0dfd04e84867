"""What a step rests on: three ways, which agree where the answer is known."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from models import libraries
from models.baseline.markov import Markov
from models.errors import ModelError
from models.sequence.attribution import gradients
from models.sequence.gpt import Gpt
from models.sequence.lstm import Lstm
from models.sequence.steps import WAYS, ask, foretells, surprising
from models.sequence.vocabulary import UNKNOWN

KEY, ANSWER = 2, 5
"""The place of the event that decides, and of the one that it decides."""
WRONG = [(10, 11, 2, 10, 12, 23), (12, 12, 1, 10, 11, 24), (11, 11, 4, 12, 10, 21)]
"""Sessions in which the answer is that of another key."""
BOTH = pytest.mark.parametrize("name", ["gpt", "lstm"])


@cache
def fitted(name: str) -> Gpt | Lstm:
    """Learned from sessions of two events, a key of four, two events, and 20 more than the key."""
    rng = np.random.default_rng(0)
    sessions = []
    for key in rng.integers(1, 5, 600).tolist():
        around = rng.integers(10, 13, 4).tolist()
        sessions.append((*around[:2], key, *around[2:], 20 + key))
    if name == "gpt":
        made = Gpt(view="order", width=32, budget=150_000, device="cpu")
        return made.fit(sessions)
    return Lstm(width=16, states=32, budget=400_000, device="cpu").fit(sessions)


@BOTH
@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("session", WRONG)
def test_all_ways_find_the_event_that_decides(name: str, by: str, session: tuple[int, ...]) -> None:
    if (name, by) == ("lstm", "attention"):
        with pytest.raises(ModelError, match="lstm has no attention"):
            ask(fitted(name), by)
        return
    (step, *_) = surprising(fitted(name), session, by)
    assert step.at == ANSWER
    assert step.surprise > 3
    assert step.expected[0].event == 20 + session[KEY]
    assert step.rests[0].at == KEY
    assert step.rests[0].weight > 0
    others = [abs(each.weight) for each in step.rests[1:]]
    assert max(others, default=0) < step.rests[0].weight


@BOTH
def test_gradients_add_up_to_what_the_events_change(name: str) -> None:
    model = fitted(name)
    for session in WRONG:
        unknown = (*[UNKNOWN] * ANSWER, session[ANSWER])
        whole, without = (model.surprises([each])[0][ANSWER] for each in (session, unknown))
        # Places and counts stay in `gpt`: another count of unknown events is not what is asked.
        if name == "lstm":
            assert gradients(model, session, ANSWER).sum() == pytest.approx(
                whole - without, abs=0.05
            )
        assert gradients(model, session, ANSWER)[KEY] == pytest.approx(
            gradients(model, session, ANSWER).sum(), rel=0.35
        )


def test_hiding_each_event_is_what_a_session_without_it_foretells() -> None:
    model = fitted("lstm")
    assert isinstance(model, Lstm)
    session = WRONG[0]
    told = model.occlusion(session, ANSWER)
    whole = dict(model.foreseen(session, ANSWER, most=99))
    for at in range(ANSWER):
        hidden = tuple(UNKNOWN if each == at else event for each, event in enumerate(session))
        other = dict(model.foreseen(hidden, ANSWER, most=99))
        moved = 0.5 * sum(abs(chance - other[event]) for event, chance in whole.items())
        assert told[at] == pytest.approx(moved, abs=0.01)  # special tokens are not foreseen


def test_what_is_remembered_of_a_long_session_is_what_it_is_from_its_beginning() -> None:
    model = fitted("lstm")
    assert isinstance(model, Lstm)
    session = ((10, 11, 2, 12) * 50)[:180]
    told = model.occlusion(session, 180)
    whole = dict(model.foreseen(session, 180, most=99))
    for at in (53, 100, 179):
        hidden = tuple(UNKNOWN if each == at else event for each, event in enumerate(session))
        other = dict(model.foreseen(hidden, 180, most=99))
        moved = 0.5 * sum(abs(chance - other[event]) for event, chance in whole.items())
        assert told[at] == pytest.approx(moved, abs=0.01)


@BOTH
def test_of_a_long_session_the_events_near_the_step_are_asked_about(name: str) -> None:
    session = (10, 11, 2) * 70
    for by in ("occlusion", "gradients"):
        told = WAYS[by](fitted(name), session, 200)
        assert told.shape == (200,)
        assert np.isfinite(told).all()
        assert told[150:].any()
    assert not fitted(name).occlusion(session, 200)[:72].any()


@BOTH
def test_an_event_that_training_never_had_upsets_what_was_expected(name: str) -> None:
    session = (10, 11, 3, 10, 12, 99)
    (step, *_) = surprising(fitted(name), session, "gradients")
    assert step.at == ANSWER
    assert step.expected[0].event == 23
    assert step.rests[0].at == KEY
    assert step.rests[0].weight > 0


@BOTH
def test_nothing_to_tell_of_ordinary_steps_and_of_the_first(name: str) -> None:
    ordinary = (10, 11, 3, 10, 12, 23)
    assert surprising(fitted(name), ordinary) == []
    ended = surprising(fitted(name), ordinary[:3])
    assert ended[0].at == 3
    assert all(each.event is not None for each in ended[0].expected)
    strange = surprising(fitted(name), (24, *ordinary[1:]))
    assert [each.rests for each in strange if each.at == 0] == [()]


def test_what_foretells_steps() -> None:
    assert foretells(Gpt())
    assert foretells(Lstm())
    assert not foretells(Gpt(view="counts"))
    assert not foretells(Markov())


def test_without_torch_gradients_are_refused_and_occlusion_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(name, name=name)

    model = fitted("gpt")
    monkeypatch.setattr(libraries, "import_module", missing)
    with pytest.raises(ModelError, match=r"torch.*pip install 'vedette\[ml\]'"):
        ask(model, "gradients")
    ask(model, "occlusion")
    assert surprising(model, WRONG[0])[0].rests[0].at == KEY
