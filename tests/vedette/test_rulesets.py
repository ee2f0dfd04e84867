"""What a command leaves out, and what it keeps for the sake of what it does not."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from engine.rule import Selection
from tests.engine.correlate.stream import base, correlation
from tests.engine.helpers import write_rules
from vedette import rulesets

COUNT = {"type": "event_count", "rules": ["a"], "condition": {"gte": 2}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rules(
        tmp_path,
        {**base("a"), "level": "low"},
        {**base("b"), "level": "low"},
        {**correlation("Grave", **COUNT), "level": "high"},
        {**correlation("Mild", **COUNT), "level": "low"},
    )
    return tmp_path


def test_a_correlation_that_is_left_out_is_not_evaluated(folder: Path) -> None:
    found = rulesets.load([folder], Selection(exclude=frozenset({"mild"})))
    assert [correlation.rule.title for correlation in found.correlations] == ["Grave"]


def test_a_rule_below_the_level_still_feeds_a_correlation_and_does_not_alert(folder: Path) -> None:
    found = rulesets.load([folder], Selection(min_level="high"))
    assert [correlation.rule.title for correlation in found.correlations] == ["Grave"]
    assert {rule.title: rule.output for rule in found.rules} == {"Rule a": False, "Grave": True}
    assert found.unwanted == 2


def test_a_name_that_no_rule_has_is_warned_of_though_it_is_left_out(folder: Path) -> None:
    told: list[str] = []
    rulesets.load([folder], Selection(exclude=frozenset({"mild", "grvae"})), warn=told.append)
    assert told == ["no rule to leave out has the id or title 'grvae'; did you mean 'grave'?"]


def test_what_was_made_without_the_collector_is_not_looked_through_once_it_is_back() -> None:
    found: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        found.append(phase)

    gc.unfreeze()  # what another test has settled
    gc.callbacks.append(note)
    try:
        with rulesets.uncollected():
            kept = [[n] for n in range(10 * gc.get_threshold()[0])]
        kept.append([0])
    finally:
        gc.callbacks.remove(note)
    assert gc.isenabled()
    assert kept
    assert found == []
