from __future__ import annotations

import numpy as np

from models.sequence.attribution import gradients
from tests.models.sequence.test_gpt import fitted


def test_gradients_say_what_a_step_rests_on() -> None:
    # The end is foreseen because event 6 came, and because of nothing else as much.
    told = gradients(fitted(), (1, 2, 3, 4, 5, 6), 6)
    assert told.shape == (6,)
    assert np.abs(told).argmax() == 5


def test_gradients_of_a_step_of_a_long_session_stay_in_its_window() -> None:
    told = gradients(fitted(), (1, 2, *(3, 4, 5) * 20), 50)
    assert told.shape == (50,)
    assert not told[:34].any()
    assert told[40:].any()


def test_the_first_step_rests_on_nothing() -> None:
    assert gradients(fitted(), (1, 2), 0).shape == (0,)
