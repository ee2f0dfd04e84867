"""Events that training never had."""

from __future__ import annotations

import pytest

from models.baseline.new_value import NewValue

KNOWN = [(1, 2), (1, 2), (1, 3)]


def test_each_new_event_counts_once_and_rare_ones_behind_the_point() -> None:
    scores = NewValue().fit(KNOWN).score([(1,), (1, 2), (1, 3), (9,), (9, 9), (8, 9, 3)])
    assert scores.tolist() == [0.25, 0.5, 0.75, 1.0, 1.0, 2.75]


def test_what_is_learned_later_is_no_longer_new() -> None:
    model = NewValue().fit(KNOWN).partial_fit([(9,)])
    assert model.score([(9,)])[0] == pytest.approx(1 - 1 / 5)


def test_reasons_begin_with_what_is_new() -> None:
    texts = [reason.text for reason in NewValue().fit(KNOWN).explain([(1, 9, 9, 3)], 0)]
    assert texts == [
        "event 9, here twice, never came before",
        "event 3, here once, came in 1 of 3 sessions",
        "event 1, here once, came in 3 of 3 sessions",
    ]


def test_an_empty_session_has_a_reason_too() -> None:
    assert NewValue().fit(KNOWN).explain([()], 0)[0].text == "the session has no events"
