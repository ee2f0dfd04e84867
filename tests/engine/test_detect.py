"""Which rules match an event: all of them, each once, in their order, whatever came before."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import detect
from engine.detect import Detector, ReferenceGroup
from engine.errors import Problem, Problems
from engine.rule import RuleSet
from tests.engine.helpers import event, fail_on_problem, labelled, loaded, rule


def where(title: str, selection: Any, **changes: Any) -> dict[str, Any]:
    return rule(title, detection={"s": selection, "condition": "s"}, **changes)


RULES = [
    where("One", {"a": 1}),
    where("Contains", {"b|contains": "x"}),
    where("Either", [{"a": 1}, {"b|contains": "x"}]),
    where("Other source", {"a": 1}, logsource={"product": "other"}),
    where("Category", {"a": 1}, logsource={"category": "process_creation"}),
    where("Windows", {"a": 1}, logsource={"product": "windows", "category": "process_creation"}),
    where("Security", {"a": 1}, logsource={"product": "windows", "service": "security"}),
    where("Keyword", ["xy"]),
    where("Missing", {"b": None}),
    where("Reference", {"a|fieldref": "b"}),
]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return loaded(tmp_path_factory.mktemp("rules"), *RULES)


def titles(detector: Detector, document: dict[str, Any]) -> list[str]:
    return [match.rule.title for match in detector.match(event(document))]


def test_all_rules_that_match_one_event_fire_in_their_order(rules: RuleSet) -> None:
    found = titles(Detector(rules.rules, fail_on_problem), labelled({"a": 1, "b": "xy"}))
    assert found == ["One", "Contains", "Either", "Keyword"]


def test_a_rule_fires_once_whichever_of_its_ways_lead_to_the_event(rules: RuleSet) -> None:
    """By Sysmon's channel and by the labels it carries."""
    document = {
        "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "a": 1,
        "logsource": {"category": "process_creation"},
    }  # fmt: skip
    found = Detector(rules.rules, fail_on_problem).match(event(document))
    assert [match.rule.title for match in found] == ["Category", "Windows"]


SOURCES = st.sampled_from([
    {"logsource.product": "any"}, {"logsource.product": ["any", "other"]}, {},
    {"logsource.product": "windows", "logsource.category": "process_creation"},
    {"Channel": "Security", "EventID": 1}, {"Channel": "Security", "EventID": "4688"},
    {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1},
    {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": True},
    {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1.0},
    {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": "1"},
    {"logsource.category": "process_creation"},
])  # fmt: skip
VALUES = st.sampled_from([0, 1, True, 1.0, "1", "x", "xy", "XY", None, ["x", 1], [], "y" * 5000])
EVENTS = st.builds(lambda source, a, b: {**source, "a": a, "b": b}, SOURCES, VALUES, VALUES)


@given(st.lists(EVENTS, min_size=1, max_size=12))
def test_the_fast_detector_agrees_with_the_reference_on_every_event(
    rules: RuleSet, documents: list[dict[str, Any]]
) -> None:
    fast = Detector(rules.rules, fail_on_problem)
    slow = Detector(rules.rules, fail_on_problem, ReferenceGroup)
    for document in documents:
        assert titles(fast, document) == titles(slow, document)
        assert [m.evidence for m in fast.match(event(document))] == [
            m.evidence for m in slow.match(event(document))
        ]


@given(st.lists(EVENTS, min_size=2, max_size=10), st.randoms(use_true_random=False))
def test_what_came_before_changes_nothing(
    rules: RuleSet, documents: list[dict[str, Any]], order: random.Random
) -> None:
    one, other = (Detector(rules.rules, fail_on_problem) for _ in range(2))
    first = {i: titles(one, document) for i, document in enumerate(documents)}
    places = list(first)
    order.shuffle(places)
    assert {place: titles(other, documents[place]) for place in places} == first


WRAPPED = st.one_of(
    EVENTS,
    EVENTS.map(lambda document: {"winlog": {"channel": "x", "event_data": document}, **document}),
    EVENTS.map(lambda document: {**document, "b": {"x": document["b"]}, "b c": [document["a"]]}),
    EVENTS.map(lambda document: {"Event": {"System": document, "EventData": document}}),
)


@given(st.lists(WRAPPED, min_size=1, max_size=12))
def test_what_the_first_look_turns_away_matches_nothing(
    rules: RuleSet, documents: list[dict[str, Any]]
) -> None:
    detector = Detector(rules.rules, fail_on_problem)
    for document in [*documents, *documents]:
        if not detector.may_match(document):
            assert titles(detector, document) == []


def test_what_is_remembered_of_routes_is_bounded(
    rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detect, "ROUTES_KEPT", 10)
    detector = Detector(rules.rules, fail_on_problem)
    for number in range(100):
        titles(detector, labelled({"Channel": f"c{number}", "EventID": number, "a": 1}))
        assert len(detector._routed) <= 10


def test_routes_of_absurd_length_are_not_remembered(rules: RuleSet) -> None:
    detector = Detector(rules.rules, fail_on_problem)
    for letter in "xyz":
        assert titles(detector, labelled({"Channel": letter * 100_000, "a": 1})) == [
            "One", "Either", "Missing",
        ]  # fmt: skip
    kept = [part for key in detector._routed for part in key]
    assert all(len(str(part)) < 10_000 for part in kept)


def test_no_rules_match_nothing() -> None:
    assert Detector((), fail_on_problem).match(event({"a": 1})) == []


ENDLESS = "a" * 3000 + "b"


def test_a_rule_without_an_answer_in_time_is_a_problem_that_names_it(tmp_path: Path) -> None:
    rules = loaded(tmp_path, where("Slow", {"c|re": "(?=a)(a|aa)+$"}), where("One", {"a": 1}))
    problems: list[Problem] = []
    found = titles(Detector(rules.rules, problems.append), labelled({"a": 1, "c": ENDLESS}))
    assert found == ["One"]
    (problem,) = problems
    assert problem.kind == "rule-timeout"
    assert problem.message.startswith("Slow: regular expression")
    assert problem.file == rules.rules[0].file


def test_a_rule_that_matches_before_it_needs_the_slow_answer_matches(tmp_path: Path) -> None:
    rules = loaded(tmp_path, where("Either", [{"a": 1}, {"c|re": "(?=a)(a|aa)+$"}]))
    problems = Problems()
    (match,) = Detector(rules.rules, problems).match(event(labelled({"a": 1, "c": ENDLESS})))
    assert [str(test) for test in match.evidence] == ["a = 1"]
    assert len(problems) == 0


def test_evidence_is_of_the_binding_that_matched(tmp_path: Path) -> None:
    rules = loaded(tmp_path, where("P", {"Image|endswith": "a.exe"}, logsource={
        "product": "windows", "category": "process_creation"}))  # fmt: skip
    document = {"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\a.exe"}
    (match,) = Detector(rules.rules, fail_on_problem).match(event(document))
    assert match.binding == "windows-audit"
    assert [str(test) for test in match.evidence] == ["NewProcessName ends with 'a.exe'"]
