"""What every correlation of the project is held to, and what they make of the demo's day."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from engine.correlate.correlator import Correlator
from engine.correlate.finding import Finding
from engine.detect import Detector
from engine.errors import Problem
from engine.load import load_rules
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import RuleSet
from mitre.catalog import Catalog
from tests.rules.test_rules import labels
from vedette.demo import generate_labelled
from vedette.rule_tests import run_tests

RULES = Path(__file__).resolve().parents[2] / "rules"
FILES = sorted((RULES / "correlations").glob("*.yml"))
FIRE_ON_THE_DEMO = {
    "burst_of_discovery_commands": 1,
    "cloud_identity_enumerates_account": 1,
    "enumerated_cloud_account_gets_new_key": 1,
    "large_volume_uploaded_to_one_site": 1,
    "recovery_copies_deleted_and_log_cleared": 1,
    "scanned_web_server_serves_uploaded_script": 1,
    "service_installed_after_network_logon": 1,
    "web_account_looks_around": 1,
    "web_server_scanned_for_hidden_paths": 1,
}


@cache
def ruleset() -> RuleSet:
    return load_rules([RULES / "correlations"])


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text(encoding="utf-8")))


def by_file() -> list[Any]:
    return [pytest.param(file, id=file.stem) for file in FILES]


def test_all_load_one_alert_a_file() -> None:
    rules = ruleset()
    assert [str(error) for error in rules.refused] == []
    loud = [rule for rule in rules.rules if rule.output]
    assert sorted(Path(rule.file) for rule in loud) == FILES
    assert all("correlation" in rule.document for rule in loud)
    assert len(FILES) >= 20


def test_no_two_share_a_title_id_or_name() -> None:
    every = [document for file in FILES for document in documents(file)]
    for key in ("title", "id", "name"):
        values = [document[key] for document in every if key in document]
        assert sorted(values) == sorted(set(values))


@pytest.mark.parametrize("file", by_file())
def test_form(file: Path) -> None:
    top, *parts = documents(file)
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+\.yml", file.name)
    assert top["status"] == "test"
    assert top["author"] == "Vedette"
    assert top["license"] == "Apache-2.0"
    assert len(top["description"]) > 60
    assert top["falsepositives"]
    assert top["level"] in ("low", "medium", "high", "critical")
    assert not top["title"].endswith(".")
    for document in (top, *parts):
        assert UUID(document["id"]).version == 4
    assert all(part["name"] and "vedette" not in part for part in parts)


@pytest.mark.parametrize("file", by_file())
def test_attack_labels_stand_in_the_catalogue(file: Path) -> None:
    catalog = Catalog.load()
    tactics, techniques = labels(documents(file)[0])
    assert techniques
    found = [catalog.technique(id) for id in techniques]
    possible = {tactic for technique in found if technique for tactic in technique.tactics}
    assert all(found)
    assert tactics
    assert tactics <= possible
    assert all(catalog.successor(id) is None for id in techniques)


@pytest.mark.parametrize("file", by_file())
def test_tests_inside_hold(file: Path) -> None:
    (rule,) = (rule for rule in ruleset().rules if rule.output and Path(rule.file) == file)
    results = list(run_tests(rule, ruleset()))
    assert len(results) >= 2
    assert [(result.name, result.failure) for result in results if result.failure] == []


@pytest.mark.parametrize("file", by_file())
def test_test_blocks_keep_the_schema(file: Path) -> None:
    schema = json.loads((RULES / "schema.json").read_text(encoding="utf-8"))
    test = schema["properties"]["tests"]["items"]["properties"]
    steps = test["events"]["items"]["properties"]
    for written in documents(file)[0]["vedette"]["tests"]:
        assert written.keys() == {"name", "match", "events"}
        assert written.keys() <= test.keys()
        for step in written["events"]:
            assert step.keys() <= steps.keys()
            assert re.search(steps["after"]["pattern"], step.get("after", "1s"))


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_demo_meets_them_in_its_intrusion_alone(seed: int) -> None:
    rules = ruleset()
    detector = Detector(rules.rules, refuse)
    ordinary, whole = (Correlator(rules.correlations, rules.rules, refuse) for _ in range(2))
    now = datetime.now(UTC)
    for number, (document, truth) in enumerate(generate_labelled(seed)):
        event = normalise(Record(document, "demo"))
        matches = detector.match(event)
        for correlator in (whole,) if truth else (whole, ordinary):
            correlator.add(event, f"{number:05}", matches, now)
    assert files(ordinary.finish()) == {}
    assert files(whole.finish()) == FIRE_ON_THE_DEMO


def files(findings: list[Finding]) -> dict[str, int]:
    return dict(Counter(Path(finding.correlation.rule.file).stem for finding in findings))


def refuse(problem: Problem) -> None:
    raise AssertionError(str(problem))
