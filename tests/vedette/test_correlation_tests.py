"""Stories of correlations: played in their order and times, and refused by what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.load import load_rules
from tests.engine.correlate.stream import base, correlation
from tests.engine.helpers import labelled, write_rules
from vedette.rule_tests import Result, run_tests

EVENT = labelled({"kind": "a", "user": "u{n}"})


def results(folder: Path, *tests: dict[str, Any]) -> list[Result]:
    block = {"type": "value_count", "rules": ["a"], "timespan": "10s",
             "condition": {"field": "user", "gte": 3}}  # fmt: skip
    document = {**correlation(**block), "vedette": {"tests": list(tests)}}
    rules = load_rules([write_rules(folder, base("a"), document)])
    assert rules.refused == []
    return [result for rule in rules.rules for result in run_tests(rule, rules)]


def story(match: bool, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"name": "x", "match": match, "events": list(steps)}


GOOD = story(True, {"event": EVENT, "repeat": 3, "after": "4s"})
BAD = story(False, {"event": EVENT, "repeat": 3, "after": "5s"})


def test_a_story_is_played_in_its_times(tmp_path: Path) -> None:
    assert [result.failure for result in results(tmp_path, GOOD, BAD)] == [None, None]


def test_a_story_that_is_wrong_fails_by_name(tmp_path: Path) -> None:
    found = results(tmp_path, {**GOOD, "match": False}, {**BAD, "match": True})
    assert [result.failure for result in found] == [
        "matched, but must not", "did not match, but must",
    ]  # fmt: skip


def test_an_event_keeps_a_time_of_its_own(tmp_path: Path) -> None:
    steps = [
        {"event": {**EVENT, "user": user, "@timestamp": f"2026-01-01T00:00:0{second}Z"},
         "after": "1h"}
        for second, user in enumerate("xyz")
    ]  # fmt: skip
    assert [r.failure for r in results(tmp_path, story(True, *steps), BAD)] == [None, None]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], "events is a list of at least one"),
        ([{"after": "1s"}], "step 1 has no event"),
        ([{"event": {"a": 1}, "times": 3}], "step 1 has the unknown key 'times'"),
        ([{"event": {"a": 1}, "after": "soon"}], "step 1: after is a time such as 10s"),
        ([{"event": {"a": 1}, "repeat": 0}], "step 1: repeat is a number of times"),
        ([{"event": {"a": 1}, "repeat": 5001}], "has more than 5,000 events"),
    ],
)
def test_what_is_no_story_is_named(tmp_path: Path, events: list[Any], said: str) -> None:
    (result,) = results(tmp_path, GOOD, {"name": "x", "match": False, "events": events})
    assert f"test 2: {said}" in (result.failure or "")


def test_a_correlation_with_single_events_is_told_that_it_lacks_a_story(tmp_path: Path) -> None:
    (result,) = results(tmp_path, {"name": "x", "match": True, "event": EVENT})
    assert result.failure == "test 1 lacks name, match or events"
