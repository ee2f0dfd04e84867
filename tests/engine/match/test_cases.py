"""Every case under `tests/cases/match/` is true of the engine, from rule file to match."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.processing.pipeline import ProcessingPipeline

from engine.detect import Detector
from engine.load import load_rules
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import RuleSet
from tests.engine.helpers import fail_on_problem

CASES = Path(__file__).resolve().parents[2] / "cases" / "match"
FILES = sorted(CASES.glob("*.yml"))
KEYS = {"name", "where", "detection", "rule", "filters", "pipelines", "documents",
        "matches", "misses", "refused"}  # fmt: skip


def cases() -> list[Any]:
    found = []
    for file in FILES:
        topic = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert topic.keys() == {"about", "cases"}, file
        for case in topic["cases"]:
            assert case.keys() <= KEYS, (file, case["name"])
            found.append(pytest.param(case, id=f"{file.stem}: {case['name']}"))
    return found


def rule_of(case: dict[str, Any]) -> dict[str, Any]:
    """The rule a case speaks of; where it says nothing of a log source, one of product `any`."""
    rule = {"title": case["name"], "logsource": {"product": "any"}, **case.get("rule", {})}
    if "where" in case:
        rule["detection"] = {"selection": case["where"], "condition": "selection"}
    if "detection" in case:
        rule["detection"] = case["detection"]
    return rule


def load(case: dict[str, Any], folder: Path) -> RuleSet:
    """The rule of a case with its filters and other documents, shaped by its pipelines."""
    file = folder / "rule.yml"
    documents = [rule_of(case), *case.get("filters", ()), *case.get("documents", ())]
    text = yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
    pipelines = [ProcessingPipeline.from_dict(written) for written in case.get("pipelines", ())]
    return load_rules([file], pipelines=pipelines)


def matched(rules: RuleSet, event: dict[str, Any], labelled: bool) -> bool:
    document = event if not labelled else {"logsource.product": "any", **event}
    return bool(Detector(rules.rules, fail_on_problem).match(normalise(Record(document, "case"))))


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    rules = load(case, tmp_path)
    if "refused" in case:
        assert len(rules) == len(case.get("documents", ()))
        assert [case["refused"].lower() in str(error).lower() for error in rules.refused] == [True]
        return
    assert [str(error) for error in rules.refused] == []
    assert case.get("matches") or case.get("misses")
    labelled = "rule" not in case
    for event in case.get("matches", ()):
        assert matched(rules, event, labelled), f"must match: {event}"
    for event in case.get("misses", ()):
        assert not matched(rules, event, labelled), f"must not match: {event}"


def test_every_case_says_both_what_matches_and_what_does_not() -> None:
    """A topic with only matches would pass on an engine that always says yes."""
    for file in FILES:
        topic = yaml.safe_load(file.read_text(encoding="utf-8"))["cases"]
        assert any(case.get("matches") for case in topic), file.name
        assert any(case.get("misses") or case.get("refused") for case in topic), file.name


def test_names_of_cases_are_unique_within_a_topic() -> None:
    for file in FILES:
        names = [case["name"] for case in yaml.safe_load(file.read_text("utf-8"))["cases"]]
        assert len(set(names)) == len(names), file.name
