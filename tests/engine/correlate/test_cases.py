"""Every case under `tests/cases/correlate/` is true of the engine, from rule file to finding."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.correlate.correlator import Correlator
from engine.correlate.rule import TYPES
from engine.correlate.value import micros
from engine.detect import Detector
from engine.errors import Problem
from engine.load import load_rules
from engine.normalise import normalise
from engine.ports import Record
from tests.engine.correlate.stream import EPOCH, LATER, base
from tests.engine.helpers import write_rules

CASES = Path(__file__).resolve().parents[2] / "cases" / "correlate"
KEYS = {
    "name", "correlation", "rules", "events", "alerts", "titles", "matches", "problems", "refused",
}  # fmt: skip


def cases() -> list[Any]:
    found = []
    for file in sorted(CASES.glob("*.yml")):
        topic = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert topic.keys() == {"about", "cases"}, file
        for case in topic["cases"]:
            assert case.keys() <= KEYS, (file, case["name"])
            found.append(pytest.param(case, id=f"{file.stem}: {case['name']}"))
    return found


def record(event: dict[str, Any], number: int) -> Record:
    document = {"logsource.product": "any", **event}
    at = document.pop("at", None)
    if at is not None:
        document["@timestamp"] = micros(EPOCH) // 1_000_000 + at
    return Record(document, "case", id=f"e{number:03}")


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    own = case.get("rules") or [{"title": "Found", "correlation": case["correlation"]}]
    rules = load_rules([write_rules(tmp_path, *(base(name) for name in "abc"), *own)])
    if "refused" in case:
        assert case["refused"] in str(rules.refused[0])
        assert rules.refused[0].line
        assert not rules.correlations
        return
    assert [str(error) for error in rules.refused] == []
    problems: list[Problem] = []
    detector = Detector(rules.rules, problems.append)
    correlator = Correlator(rules.correlations, rules.rules, problems.append)
    alone = 0
    for number, given in enumerate(case["events"]):
        event = normalise(record(given, number))
        matches = detector.match(event)
        alone += sum(match.rule.output for match in matches)
        correlator.add(event, event.record.id or "", matches, LATER)
    found = correlator.finish()
    assert sorted((f.time - micros(EPOCH)) // 1_000_000 for f in found) == case["alerts"]
    if "titles" in case:
        assert Counter(f.correlation.rule.title for f in found) == Counter(case["titles"])
    if "matches" in case:
        assert alone == case["matches"]
    assert {problem.kind for problem in problems} == set(case.get("problems", []))


def test_every_type_has_a_case_that_alerts_and_one_that_does_not_and_a_word_in_the_page() -> None:
    alerts: dict[str, set[bool]] = {}
    for param in cases():
        (case,) = param.values
        own = case.get("rules") or [{"correlation": case.get("correlation")}]
        kinds = {(rule.get("correlation") or {}).get("type") for rule in own}
        for kind in kinds:
            alerts.setdefault(kind, set()).add(bool(case.get("alerts")))
    page = (CASES.parents[2] / "docs" / "correlations.md").read_text(encoding="utf-8")
    for kind in TYPES:
        assert alerts.get(kind) == {True, False}, kind
        assert f"`{kind}`" in page, kind
