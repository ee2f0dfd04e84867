"""Which rules a correlation listens to, which alert themselves, and what pipelines rename."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sigma.processing.pipeline import ProcessingPipeline

from engine.correlate.renames import renamed
from engine.load import load_rules
from engine.rule import RuleSet, Selection
from tests.engine.correlate.stream import base, correlation
from tests.engine.helpers import event, write_rules

COUNT = {"type": "event_count", "rules": ["a"], "condition": {"gte": 2}}


def load(folder: Path, *documents: Any, select: Selection | None = None) -> RuleSet:
    """Rules and correlations in one file; a list stands for a file of its own."""
    for number, document in enumerate(documents):
        several = document if isinstance(document, list) else [document]
        write_rules(folder, *several, name=f"{number}.yml")
    return load_rules([folder], select=select)


def loud(rules: RuleSet) -> list[str]:
    return sorted(rule.title for rule in rules.rules if rule.output)


def fed(rules: RuleSet) -> list[str]:
    return sorted(rule.title for rule in rules.rules if not rule.output)


def test_a_rule_is_found_in_another_file_by_name_or_id(tmp_path: Path) -> None:
    id = "6f0c2f2e-3f7e-4f0b-8d5a-111111111111"
    by_id = correlation("By id", type="event_count", rules=[id.upper()], condition={"gte": 2})
    rules = load(tmp_path, {**base("a"), "id": id}, correlation(**COUNT), by_id)
    assert rules.refused == []
    assert loud(rules) == ["By id", "Found"]
    assert fed(rules) == ["Rule a"]


def test_a_name_means_the_rule_in_the_same_file(tmp_path: Path) -> None:
    other = {**base("a"), "title": "Another a"}
    rules = load(tmp_path, [base("a"), correlation(**COUNT)], other)
    assert rules.refused == []
    assert rules.correlations[0].titles == ("Rule a",)


def test_a_name_of_several_rules_elsewhere_is_refused(tmp_path: Path) -> None:
    rules = load(tmp_path, base("a"), {**base("a"), "title": "Another a"}, correlation(**COUNT))
    (error,) = rules.refused
    assert "refers to 'a', which is the name of several rules" in str(error)
    assert loud(rules) == ["Another a", "Rule a"]


def test_a_refused_rule_takes_its_correlations_with_it_by_name(tmp_path: Path) -> None:
    one = correlation("One", "one", type="event_count", rules=["nothing"], condition={"gte": 2})
    two = correlation("Two", "two", type="event_count", rules=["one"], condition={"gte": 2})
    three = correlation("Three", type="event_count", rules=["two"], condition={"gte": 2})
    told = [str(error).partition("correlation: ")[2] for error in
            load(tmp_path, one, two, three).refused]  # fmt: skip
    assert told == [
        "refers to 'nothing', which is not loaded",
        "refers to 'One', which could not be loaded",
        "refers to 'Two', which could not be loaded",
    ]


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    id = "6f0c2f2e-3f7e-4f0b-8d5a-222222222222"
    rules = load(tmp_path, {**base("a"), "id": id}, {**correlation(**COUNT), "id": id})
    assert "already taken" in str(rules.refused[0])


@pytest.mark.parametrize("here", [True, False], ids=["in its own file", "in another file"])
def test_a_rule_whose_correlation_is_left_out(tmp_path: Path, here: bool) -> None:
    documents = [base("a"), {**correlation(**COUNT), "level": "low"}]
    select = Selection(min_level="medium")
    rules = load(tmp_path, *([documents] if here else documents), select=select)
    assert loud(rules) == ([] if here else ["Rule a"])
    assert fed(rules) == []


def test_a_rule_that_is_left_out_still_feeds(tmp_path: Path) -> None:
    low = {**base("a"), "level": "low"}
    high = {**correlation(**COUNT), "level": "high"}
    rules = load(tmp_path, low, high, select=Selection(min_level="high"))
    assert (loud(rules), fed(rules)) == (["Found"], ["Rule a"])
    assert rules.unwanted == 0


def test_generate_lets_both_alert(tmp_path: Path) -> None:
    rules = load(tmp_path, [base("a"), correlation(**COUNT, generate=True)])
    assert loud(rules) == ["Found", "Rule a"]


def test_without_a_level_it_has_the_gravest_of_its_rules(tmp_path: Path) -> None:
    both = {"type": "temporal", "rules": ["a", "b"]}
    rules = load(tmp_path, {**base("a"), "level": "low"}, {**base("b"), "level": "critical"},
                 correlation(**both))  # fmt: skip
    assert rules.correlations[0].rule.level == "critical"


def test_pipelines_rename_what_it_groups_by_and_measures(tmp_path: Path) -> None:
    pipeline = ProcessingPipeline.from_yaml("""
        name: ecs
        priority: 10
        transformations:
          - {type: field_name_mapping, mapping: {User: user.name, Bytes: http.bytes}}
    """)
    block = {"type": "value_sum", "rules": ["a"], "group_by": ["User"],
             "condition": {"field": "Bytes", "gte": 2}}  # fmt: skip
    write_rules(tmp_path, base("a"), correlation(**block))
    (found,) = load_rules([tmp_path], pipelines=[pipeline]).correlations
    assert found.group_by == ("user.name",)
    assert found.fields == ("http.bytes",)


def test_fields_of_audit_events_go_by_their_own_names() -> None:
    created = event({"EventID": 4688, "NewProcessName": "C:\\a.exe", "Computer": "x"})
    assert renamed(created, "Image", "windows-audit") == ("C:\\a.exe",)
    assert renamed(created, "Image", "sysmon") == ()
    assert renamed(created, "Computer", "windows-audit") == ("x",)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"rules": []}, "is not the name or id of a rule"),
        ({"rules": [{"a": 1}]}, "is not the name or id of a rule"),
        ({"rules": ["a"] * 65}, "lists 65 rules; expected at most 64"),
        ({"group_by": [1]}, "is not a field name"),
        ({"aliases": {"x": "y"}}, "alias 'x' is not a map of rules to fields"),
        ({"condition": {"gte": "many"}}, "gte 'many' is not a number"),
        ({"condition": {}}, "compares nothing"),
        ({"condition": {"gte": float("nan")}}, "is not a number"),
        ({"condition": {"gte": 10**9}}, "asks for too many"),
        ({"condition": {"gte": 2, "field": "x"}}, "event_count counts no field"),
        ({"condition": {"gte": 2, "over": 3}}, "invalid items: over"),
        ({"condition": "a and"}, "Extended conditions (string) can only be used with temporal"),
        ({"type": "temporal", "condition": "a and"}, "Failed to parse extended condition"),
        ({"timespan": "0s"}, "must be greater than zero"),
        ({"timespan": 10}, "is invalid"),
        ({"generate": "yes"}, "generate definition must be a boolean"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_name(
    tmp_path: Path, block: dict[str, Any], said: str
) -> None:
    rules = load(tmp_path, [base("a"), correlation(**{**COUNT, **block})])
    (error,) = rules.refused
    assert said in str(error)
    assert error.line
    assert error.file
    assert loud(rules) == ["Rule a"]
