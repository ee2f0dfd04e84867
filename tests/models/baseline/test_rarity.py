"""Rare events, and rare numbers of them."""

from __future__ import annotations

import numpy as np
import pytest

from models.baseline.rarity import CountTail, EventRarity
from models.errors import DataError
from tests.models import data

WINDOWS = [(1,), (1, 1), (1, 2), (1, 1, 1)]


def test_the_rarity_of_a_window_is_the_sum_over_its_different_events() -> None:
    scores = EventRarity().fit(WINDOWS).score([(), (1, 1), (2,), (9,), (1, 2, 9)])
    one, two, nine = (-np.log(each / 5) for each in (4.5, 1.5, 0.5))
    assert scores.tolist() == pytest.approx([0, one, two, nine, one + two + nine])


def test_counts_so_far_out_are_rarer_the_farther() -> None:
    scores = (
        CountTail()
        .fit([(1,) * count for count in range(50)])
        .score([(1,) * count for count in (25, 49, 60, 500, 5_000)])
    )
    assert scores[0] == 0
    assert (np.diff(scores) > 0).all()
    assert scores[4] - scores[3] == pytest.approx(2 * np.log(10))


def test_an_event_that_is_always_there_and_now_is_not_counts() -> None:
    model = CountTail().fit([(1, 2)] * 99)
    assert model.score([(1, 2), (1,)]).tolist() == pytest.approx([0, np.log(100)])
    assert model.explain([(1,)], 0)[0].text == "event 2, missing here, came in 99 of 99 sessions"


def test_as_many_as_ever_is_no_surprise_and_more_is() -> None:
    model = CountTail().fit([(1, 1)] * 20)
    assert model.score([(1, 1)])[0] == 0
    assert model.explain([(1,) * 7], 0)[0].text == (
        "event 1, here 7 times, never came more than twice before"
    )


@pytest.mark.parametrize("kind", [EventRarity, CountTail])
def test_learning_in_parts_is_learning_at_once(kind: type[EventRarity | CountTail]) -> None:
    sessions, others = data.sessions(60), data.sessions(30, seed=1)
    parts = kind().fit(sessions[:20])
    parts.score(others)
    parts.partial_fit(sessions[20:])
    assert np.array_equal(parts.score(others), kind().fit(sessions).score(others))


def test_a_tail_without_an_end_is_refused() -> None:
    with pytest.raises(DataError, match="above 0"):
        CountTail(tail=0)


def test_the_score_is_the_sum_of_the_reasons_parts() -> None:
    model = CountTail().fit(data.sessions(80))
    for session in [*data.sessions(20, seed=1), (), (9, 9), (1,) * 30]:
        parts = [reason.contribution for reason in model.explain([session], 0, most=99)]
        assert model.score([session])[0] == pytest.approx(sum(parts))
