"""Markov chains: probabilities that add up, learning in parts, reasons."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from models.baseline.backoff import Backoff
from models.baseline.grams import padded
from models.baseline.markov import Markov, MarkovPeak
from models.errors import DataError
from tests.models import data

SESSIONS = [(1, 2, 3), (1, 2, 3), (1, 2, 4), (2, 1)]


def chances(order: int, before: tuple[int, ...], after: list[int]) -> list[float]:
    """The probability of each of `after`, and of the end, behind `before`."""
    chain = Backoff(order)
    chain.learn(SESSIONS)
    at = len(before)
    whole = [padded([(*before, event)], max(order - 1, 1)) for event in after]
    end = padded([before], max(order - 1, 1))
    surprise = [chain.surprise(each)[at] for each in [*whole, end]]
    return [float(np.exp(-each)) for each in surprise]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("before", [(), (1,), (1, 2), (9, 9)])
def test_the_chances_of_what_follows_add_up_to_one(order: int, before: tuple[int, ...]) -> None:
    assert sum(chances(order, before, [1, 2, 3, 4, 9])) == pytest.approx(1)


def test_a_chance_is_the_one_of_witten_and_bell() -> None:
    # 15 places: 4 ends, 4 ones, 4 twos, 2 threes, 1 four; 5 kinds, and one that is not known.
    three, unseen = (2 + 5 / 6) / 20, (5 / 6) / 20
    assert chances(1, (), [3, 9])[:2] == pytest.approx([three, unseen])
    # After 2: 3 twice, 4 once, 1 once; 3 kinds in 4.
    assert chances(2, (2,), [3, 9])[:2] == pytest.approx([(2 + 3 * three) / 7, 3 * unseen / 7])


def test_learning_in_parts_is_learning_at_once() -> None:
    sessions, others = data.sessions(90), [*data.sessions(20, seed=1), (9, 9), ()]
    parts = Markov().fit(sessions[:30]).partial_fit(sessions[30:31]).partial_fit(sessions[31:])
    assert np.allclose(parts.score(others), Markov().fit(sessions).score(others), rtol=1e-12)


def test_fitting_again_forgets() -> None:
    again = Markov().fit([(8, 8, 8)]).fit(SESSIONS)
    assert np.array_equal(again.score([(8, 8)]), Markov().fit(SESSIONS).score([(8, 8)]))


def test_the_order_of_events_matters() -> None:
    model = Markov().fit(SESSIONS)
    right, wrong = model.score([(1, 2, 3), (3, 2, 1)])
    assert wrong > right


def test_one_strange_step_in_a_long_session_shows_in_the_peak_only() -> None:
    normal, strange = (1, 2, 3) * 100, (1, 2, 3) * 50 + (3, 3) + (1, 2, 3) * 50
    mean, peak = Markov().fit([normal]), MarkovPeak().fit([normal])
    assert np.diff(mean.score([normal, strange]))[0] < 0.2
    assert np.diff(peak.score([normal, strange]))[0] > 2


def test_reasons_name_the_step_and_what_was_before_it() -> None:
    reason = Markov().fit(SESSIONS).explain([(1, 2, 9)], 0)[0]
    assert reason.feature == "step 3"
    assert reason.text.startswith("event 9 after events 1, 2 has a chance of 0.0")
    assert reason.contribution == pytest.approx(MarkovPeak().fit(SESSIONS).score([(1, 2, 9)])[0])


def test_an_end_that_comes_too_soon_is_a_reason() -> None:
    reasons = Markov().fit(SESSIONS).explain([(1,)], 0)
    assert any(reason.text.startswith("the end after event 1") for reason in reasons)


def test_scores_do_not_depend_on_what_is_scored_beside() -> None:
    model, others = Markov().fit(SESSIONS), data.sessions(40)
    alone = np.array([model.score([session])[0] for session in others])
    assert np.allclose(model.score(others), alone, rtol=1e-12)


def test_an_order_of_none_is_refused() -> None:
    with pytest.raises(DataError, match="1 or more, not 0"):
        Markov(order=0)


def test_a_longer_order_is_surer_of_what_it_knows() -> None:
    sessions = [(*pair, *pair) for pair in itertools.product(range(1, 5), repeat=2)]
    scores = [Markov(order).fit(sessions).score(sessions).mean() for order in (1, 2, 3)]
    assert scores[0] > scores[1] > scores[2]
