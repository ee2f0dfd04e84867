"""What every rule of the project is held to: form, labels, and the tests inside it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from sigma.rule import SigmaRule

from engine.detect import Detector
from engine.errors import Problem
from engine.event import Event
from engine.load import load_rules
from engine.match.reference import holds
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule, RuleSet
from mitre.catalog import Catalog

RULES = Path(__file__).resolve().parents[2] / "rules"
OTHERS = ("correlations", "hunts")
FILES = [f for f in sorted(RULES.rglob("*.yml")) if f.parent.name not in OTHERS]
LATER_THAN_OTHER_TACTICS = {"reconnaissance", "resource-development"}


@cache
def ruleset() -> RuleSet:
    return load_rules(FILES)


@cache
def documents() -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load(file.read_text()) for file in FILES)


def refuse(problem: Problem) -> None:
    raise AssertionError(str(problem))


def test_all_rules_load() -> None:
    assert [str(error) for error in ruleset().refused] == []
    assert len(ruleset()) == len(FILES) >= 36


@pytest.mark.parametrize("key", ["id", "title", "description"])
def test_no_two_rules_share(key: str) -> None:
    values = [str(document[key]).lower() for document in documents()]
    assert sorted(set(values)) == sorted(values)


def test_no_two_rules_share_a_file_name() -> None:
    assert len({file.stem for file in FILES}) == len(FILES)


def test_rules_spread_over_the_tactics_that_logs_show() -> None:
    seen = {tactic for document in documents() for tactic in labels(document)[0]}
    every = {tactic.shortname for tactic in Catalog.load().tactics()}
    assert every - seen <= LATER_THAN_OTHER_TACTICS


def test_no_rule_needs_a_slow_regular_expression() -> None:
    assert [rule.file for rule in ruleset().rules if not rule.linear] == []


def test_form(path: str, document: dict[str, Any]) -> None:
    assert SigmaRule.from_dict(document, collect_errors=True).errors == []
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+\.yml", Path(path).name)
    assert UUID(document["id"]).version == 4
    assert document["status"] == "test"
    assert document["author"] == "Vedette"
    assert document["license"] == "Apache-2.0"
    assert len(document["description"]) > 60
    assert document["falsepositives"]
    assert document["level"] in ("low", "medium", "high", "critical")
    assert not document["title"].endswith(".")
    assert len(document["title"]) <= 100


def test_folder_says_the_log_source(path: str, document: dict[str, Any]) -> None:
    source = document["logsource"]
    group, kind = Path(path).parts[:2]
    if kind == "powershell":
        assert source["category"] == "ps_script"
    else:
        assert kind in (source.get("category"), source.get("service"), source.get("product"))
    if group in ("windows", "linux"):
        assert source["product"] == group


def labels(document: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The tactics and the technique ids that a rule is tagged with."""
    names = {tag.removeprefix("attack.") for tag in document["tags"] if tag.startswith("attack.")}
    techniques = {name for name in names if re.fullmatch(r"t\d{4}(\.\d{3})?", name)}
    return names - techniques, {name.upper() for name in techniques}


def test_attack_labels_stand_in_the_catalogue(path: str, document: dict[str, Any]) -> None:
    catalog = Catalog.load()
    tactics, techniques = labels(document)
    assert techniques
    known = {tactic.shortname for tactic in catalog.tactics()}
    assert tactics <= known
    possible: set[str] = set()
    for id in techniques:
        technique = catalog.technique(id)
        assert technique is not None, f"{id} is unknown"
        assert catalog.successor(id) is None, f"{id} was replaced"
        assert tactics & set(technique.tactics), f"none of {id}'s tactics is among the tags"
        possible |= set(technique.tactics)
    assert tactics <= possible, "a tactic without a technique"


def test_in_rule_tests_have_both_kinds(path: str, document: dict[str, Any]) -> None:
    tests = document["vedette"]["tests"]
    assert {test["match"] for test in tests} == {True, False}
    assert len({test["name"] for test in tests}) == len(tests)


def test_in_rule_test_blocks_keep_the_schema(path: str, document: dict[str, Any]) -> None:
    schema = json.loads((RULES / "schema.json").read_text())
    assert complaints(document["vedette"], schema) == []


def test_the_schema_refuses_what_is_misspelt() -> None:
    schema = json.loads((RULES / "schema.json").read_text())
    test = {"name": "a", "match": True, "event": {"EventID": 1}}
    assert complaints({"tests": [test, test | {"name": "b", "match": False}]}, schema) == []
    assert complaints({"test": []}, schema)
    assert complaints({"tests": [test | {"events": {}}, test]}, schema)
    assert complaints({"tests": [test | {"match": "yes"}, test]}, schema)
    assert complaints({"tests": [test]}, schema)
    assert complaints({"tests": [test | {"event": {}}, test]}, schema)


def complaints(value: Any, schema: Mapping[str, Any], where: str = "vedette") -> list[str]:
    """What is wrong by the few words of JSON Schema that the file uses."""
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool}
    if not isinstance(value, kinds[schema["type"]]):
        return [f"{where} is no {schema['type']}"]
    found = []
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [
            f"{where} lacks {name}" for name in schema.get("required", []) if name not in value
        ]
        if schema.get("additionalProperties") is False:
            found += [f"{where} has {name}" for name in value if name not in known]
        if len(value) < schema.get("minProperties", 0):
            found.append(f"{where} is empty")
        for name in known.keys() & value.keys():
            found += complaints(value[name], known[name], f"{where}.{name}")
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            found.append(f"{where} is too short")
        for place, item in enumerate(value):
            found += complaints(item, schema["items"], f"{where}[{place}]")
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        found.append(f"{where} is too short")
    return found


def reaches(event: Event, rule: Rule) -> bool:
    """Whether the event is of the rule's log source."""
    return any(holds(binding.route, event) for binding in rule.bindings)


def test_in_rule_tests_hold(rule_id: str, rule_test: dict[str, Any]) -> None:
    rule: Rule = ruleset().by_id()[rule_id]
    event = normalise(Record(rule_test["event"], "test"))
    assert reaches(event, rule) or not rule_test["match"], "not this rule's log source"
    assert bool(Detector([rule], refuse).match(event)) is rule_test["match"]


def test_near_misses_reach_their_rule(path: str, document: dict[str, Any]) -> None:
    """At least one near miss is of the rule's own log source: the condition turns it down."""
    rule = ruleset().by_id()[document["id"]]
    misses = [test["event"] for test in document["vedette"]["tests"] if not test["match"]]
    assert any(reaches(normalise(Record(event, "test")), rule) for event in misses)


def test_the_worked_example_of_the_readme_keeps_its_own_rules(tmp_path: Path) -> None:
    text = (RULES / "README.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.S)
    file = tmp_path / "example.yml"
    file.write_text(example)
    loaded = load_rules([file])
    assert loaded.refused == []
    document = yaml.safe_load(example)
    test_form("windows/process_creation/backup_catalogue_deleted.yml", document)
    test_attack_labels_stand_in_the_catalogue("", document)
    test_in_rule_test_blocks_keep_the_schema("", document)
    detector = Detector(loaded.rules, refuse)
    for test in document["vedette"]["tests"]:
        assert bool(detector.match(normalise(Record(test["event"], "test")))) is test["match"]
