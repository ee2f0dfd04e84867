"""An event that a rule matches has what the rule needs, whatever an index makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.kinds import LogSource
from engine.match import reference
from engine.needs.narrow import narrowed
from engine.needs.need import ALWAYS, NEVER, Either, Every, Lacks, Need, One, Word, either, every
from engine.needs.rules import Needs, needs
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from tests.engine.helpers import expression
from tests.engine.match.scenarios import Scenario
from tests.engine.match.test_agreement import made, of_user
from tests.engine.needs.index import Index

TAGS = [None, LogSource("windows", None, "process_creation"), LogSource("linux")]


def matches(rule: Rule, document: Mapping[str, Any], tags: LogSource | None) -> bool:
    event = normalise(Record(document, "o"), tags)
    return any(reference.holds(binding.expression, event) for binding in rule.bindings)


@given(data=st.binary(min_size=200, max_size=900), tags=st.sampled_from(TAGS))
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_a_rule_matches_has_what_it_needs(data: bytes, tags: LogSource | None) -> None:
    scenario = Scenario.of(data)
    pipelines = of_user(scenario)
    made_rules = [made(n, raw, scenario.filters, pipelines) for n, raw in enumerate(scenario.rules)]
    rules = [rule for rule in made_rules if rule]
    found = needs(rules, tags)
    assert found.keys() == {rule.id for rule in rules}
    for document in scenario.events:
        matched = [rule for rule in rules if matches(rule, document, tags)]
        for documents in ([document], scenario.events):
            for folded in (False, True):
                index = Index(documents, folded=folded)
                for rule in matched:
                    assert index.passes(found[rule.id], document), (rule.document, document)


def told(detection: Mapping[str, Any]) -> str:
    return shown(Needs().condition(expression(detection)))


def shown(need: Need) -> str:
    match need:
        case One(field, test, within):
            return f"{field} {test}" + ("" if within == ALWAYS else f" [{shown(within)}]")
        case Lacks(field, test):
            return f"no {field} {test}"
        case Word(test):
            return f"any {test}"
        case Every(parts):
            return f"({' & '.join(map(shown, parts))})"
        case Either(parts):
            return f"({' | '.join(map(shown, parts))})"
    return "always"


@pytest.mark.parametrize(("selection", "condition", "need"), [
    ({"a": "x", "b": 1}, "s", "(a = 'x' & b = 1)"),
    ({"a": ["x", "y"]}, "s", "(a = 'x' | a = 'y')"),
    ({"a|contains|all": ["x", "y"]}, "s", "(a contains 'x' & a contains 'y')"),
    (["x", "y"], "s", "(any contains 'x' | any contains 'y')"),
    ({"a": "x"}, "not s", "no a = 'x'"),
    ({"a": ["x", "y"]}, "not s", "(no a = 'x' & no a = 'y')"),
    ({"a": "x", "b": 1}, "not s", "(no a = 'x' | no b = 1)"),
    (["x"], "not s", "always"),
    ({"a|fieldref": "b"}, "not s", "always"),
    ({"a|hour": 2}, "not s", "always"),
    ({"a|re": "k(?=s)"}, "not s", "always"),
    ({"a": None}, "s", "always"),
    ({"a": None}, "not s", "a has a value"),
    ({"a|exists": True}, "s", "a has a value"),
    ({"a|exists": False}, "s", "always"),
    ({"a": None, "b": None}, "not s", "(a has a value | b has a value)"),
    ({"a": [None, "x"]}, "not s", "(a has a value & no a = 'x')"),
    ({"a|fieldref": "b"}, "s", "(a has a value & b has a value)"),
    ({"a|hour": 2}, "s", "a has a value"),
    ({"a|gt": 5}, "s", "a > 5"),
    ({"a|cidr": "10.0.0.0/8"}, "s", "a in 10.0.0.0/8"),
    ({"a|cased": "Xy"}, "s", "(a = 'Xy' (case counts) & a contains 'xy')"),
    ({"a": "x?y"}, "s", "(a = 'x?y' & a contains 'x')"),
    ({"a|re": "Mi[mk]i"}, "s", "(a matches /Mi[mk]i/ & a matches /Mi[mk]i/)"),
    ({"a|re": r"\bmimi"}, "s", r"(a matches /\bmimi/ & a contains 'mimi' or is beyond ASCII)"),
    ({"a|re": "mimi(?=katz)"}, "s", "a contains 'mimi' or is beyond ASCII"),
])  # fmt: skip
def test_what_cannot_be_told_of_values_one_by_one_may_hold(
    selection: Any, condition: str, need: str
) -> None:
    assert told({"s": selection, "condition": condition}) == need


@pytest.mark.parametrize(("filters", "condition", "need"), [
    ({"f": {"a": "y"}}, "s and not f", "(a contains 'x' [no a = 'y'] & no a = 'y')"),
    ({"f": {"b": "y"}}, "s and not f", "(a contains 'x' & no b = 'y')"),
    ({"f": {"a": ["y", "z"]}}, "s and not f",
     "(a contains 'x' [(no a = 'y' & no a = 'z')] & no a = 'y' & no a = 'z')"),
    ({"f": {"a": "y", "a|re": "z"}}, "s and not f",
     "(a contains 'x' [(no a = 'y' | no a matches /z/)] & (no a = 'y' | no a matches /z/))"),
    ({"f": {"a": "y", "b": "z"}}, "s and not f",
     "(a contains 'x' & (no a = 'y' | no b = 'z'))"),
    ({"f": {"a": "y"}, "g": {"a": "z"}}, "s and not (f or g)",
     "(a contains 'x' [(no a = 'y' & no a = 'z')] & no a = 'y' & no a = 'z')"),
    ({"f": {"a": "y"}}, "s or not f", "(a contains 'x' | no a = 'y')"),
    ({"f": {"a": "y"}, "g": {"a": "z"}}, "(s or g) and not f",
     "((a contains 'x' [no a = 'y'] | a = 'z' [no a = 'y']) & no a = 'y')"),
])  # fmt: skip
def test_a_filter_says_of_the_values_looked_for_what_they_are_not(
    filters: Mapping[str, Any], condition: str, need: str
) -> None:
    found = expression({"s": {"a|contains": "x"}, **filters, "condition": condition})
    assert shown(narrowed(Needs().condition(found))) == need


def bound(logsource: Mapping[str, str], tags: LogSource | None = None) -> str:
    rule = made(0, {"title": "r", "logsource": logsource,
                    "detection": {"s": {"a": "x"}, "condition": "s"}})  # fmt: skip
    assert rule
    return shown(needs([rule], tags)[rule.id])


def test_an_event_needs_what_tells_its_log_source() -> None:
    piped = bound({"product": "windows", "category": "pipe_created"})
    assert "Channel = 'microsoft-windows-sysmon/operational'" in piped
    assert "EventID = 17" in piped
    assert "(logsource.category = 'pipe_created' & a = 'x')" in piped


def test_a_label_may_come_of_the_shape_of_an_event_or_of_its_source() -> None:
    process = bound({"category": "process_creation"})
    assert "event.category = 'process'" in process
    assert "(Channel contains 'linux' & EventID = '1')" in process
    assert bound({"category": "x"}) == "(logsource.category = 'x' & a = 'x')"
    assert bound({"category": "x"}, LogSource(category="x")) == "a = 'x'"
    assert bound({"product": "windows"}) == "a = 'x'"
    assert bound({"category": "webserver"}) == "a = 'x'"
    assert "@stream = 'zeek.ssh'" in bound({"product": "zeek", "service": "ssh"})


def test_rules_that_stay_are_looked_at_once_and_those_of_one_id_together() -> None:
    raw = {"title": "r", "logsource": {"product": "windows"},
           "detection": {"s": {"a": "x"}, "condition": "s"}}  # fmt: skip
    one, same = made(1, raw), made(1, {**raw, "detection": {"s": {"a": "y"}, "condition": "s"}})
    assert one
    assert same
    kept = Needs()
    assert kept.of([one])["r1"] is kept.of([one])["r1"]
    assert shown(kept.of([one, same])["r1"]) == "(a = 'x' | a = 'y')"
    assert kept.of([]) == {}


def test_conditions_are_said_as_simply_as_can_be() -> None:
    found = Needs().condition(expression({"s": {"a": "x"}, "condition": "s"}))
    other = Needs().condition(expression({"s": {"b": "x"}, "condition": "s"}))
    assert every([]) == ALWAYS
    assert every([ALWAYS, found]) == found
    assert every([found, NEVER]) == NEVER
    assert every([found, every([found, other])]) == Every((found, other))
    assert either([]) == NEVER
    assert either([found, ALWAYS]) == ALWAYS
    assert either([found, NEVER]) == found
    assert either([found, either([other, found])]) == Either((found, other))
