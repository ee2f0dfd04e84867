"""A source asks for what the rules in force need, and says when that is everything."""

from __future__ import annotations

import pytest

from engine.rule import RuleSet
from tests.engine.match.test_agreement import made
from vedette.needed import Needed

SOURCE = {"product": "windows", "category": "process_creation"}


def rules(*selections: object) -> RuleSet:
    found = [
        made(n, {"title": "r", "logsource": SOURCE, "detection": {"s": s, "condition": "s"}})
        for n, s in enumerate(selections)
    ]
    return RuleSet([rule for rule in found if rule])


def test_rules_that_change_change_what_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    live = [rules({"Image": "a"})]
    needed = Needed("events", lambda: live[0])
    before = needed()
    assert before == needed()
    assert before
    assert "winlog.event_data.Image" in before
    assert "Frobnicated" not in before
    live[0] = rules({"Image": "a"}, {"Frobnicated": "b"})
    after = needed()
    assert after
    assert set(after) - set(before) == {"Frobnicated", "winlog.event_data.Frobnicated"}
    assert caplog.text.count("documents are read in part") == 2


def test_a_rule_that_searches_every_value_makes_all_of_them_wanted_and_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    live = [rules({"Image": "a"}, ["mimikatz"])]
    needed = Needed("events", lambda: live[0])
    assert needed() is None
    assert needed() is None
    told = "source events: whole documents are read, for rules search every value: 'generated'"
    assert caplog.text.count(told) == 1


def test_more_fields_than_servers_take_are_told(caplog: pytest.LogCaptureFixture) -> None:
    needed = Needed("events", lambda: rules(*({f"f{n}": "x"} for n in range(900))))
    assert needed() is None
    assert "whole documents are read, for the rules look at" in caplog.text
