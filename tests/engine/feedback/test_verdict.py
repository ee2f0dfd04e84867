"""Verdicts as actions, and what they amount to."""

from __future__ import annotations

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from engine.feedback.subject import Subject
from engine.feedback.verdict import projected, read
from engine.tune import action
from tests.engine.feedback.parts import anomaly, document, verdict


def test_a_verdict_is_read_back_as_it_was_given() -> None:
    for alert in (document("a1"), anomaly("a2")):
        given_ = verdict("benign", alert)
        assert read(json.loads(json.dumps(given_.action().document))) == given_


def test_the_last_verdict_on_an_alert_counts_in_whatever_order_they_are_read() -> None:
    alert = document("a1")
    told = [verdict(what, alert, at).action().document
            for at, what in enumerate(["true", "false", "true", "benign"])]  # fmt: skip
    random.Random(1).shuffle(told)
    (found,) = projected(told)
    assert found.verdict == "benign"


def test_the_same_verdict_at_the_same_time_is_one_record_and_a_later_one_another() -> None:
    alert = document("a1")
    ids = {verdict("true", alert, at).id for at in (0, 0, 1)} | {verdict("false", alert).id}
    assert len(ids) == 3


def test_what_was_held_back_is_no_verdict_and_a_verdict_held_nothing_back() -> None:
    told = verdict("true", document("a1")).action().document
    assert action.projected([told]) == []
    assert projected([{"kind": "suppressed", "held": "x", "count": 3, "subject": {}}]) == []


KEYS = ("vedette", "alert", "id", "model", "scores", "detectors", "rule", "threat", "p")


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.floats(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
        max_leaves=8,
    )
)
def test_no_document_breaks_what_is_remembered_of_it(value: object) -> None:
    whole = {"vedette": {"alert": value}, "rule": value, "threat": value, "host": value}
    found = Subject.of(whole)
    assert Subject.read(json.loads(json.dumps(found.as_json()))) == found


def test_an_alert_that_verdicts_moved_is_judged_by_what_it_was_before() -> None:
    moved = document("a1", confidence=0.2, feedback={"original_confidence": 0.75})
    assert Subject.of(moved).prior == 0.75
    bare = document("a1", confidence=None, rule_status="stable")
    assert Subject.of(bare).prior == 0.9
