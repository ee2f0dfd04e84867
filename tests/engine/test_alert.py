"""Alert documents, pinned byte for byte."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.alert import (
    MAX_EVIDENCE,
    MAX_SOURCE_LEVELS,
    MAX_SOURCE_TEXT,
    RISK,
    SEVERITY,
    AlertMaker,
    Execution,
    source_event,
)
from engine.detect import Detector
from engine.entities import MAX_TEXT
from engine.ids import alert_id
from engine.level import LEVELS
from engine.ports import Alert
from mitre.catalog import Catalog
from tests.engine.helpers import NOW, event, fail_on_problem, labelled, loaded, rule

GOLDEN = Path(__file__).parent / "golden"
EXECUTION = Execution(
    "run-1", "hunt", datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
)

RULE = {
    "title": "Encoded PowerShell from a web server",
    "id": "0b5cf5b2-3d3d-4f2c-9f39-1f0a6a2a0a01",
    "status": "test",
    "description": "A web server's worker starts PowerShell with an encoded command.",
    "references": ["https://example.org/a", "https://example.org/b"],
    "author": "Ada, Bob",
    "date": "2026-01-01",
    "modified": "2026-02-03",
    "license": "Apache-2.0",
    "tags": ["attack.execution", "attack.t1059.001", "attack.t1562.001",
             "cve.2026-1", "attack.t0000"],
    "logsource": {"product": "windows", "category": "process_creation"},
    "detection": {
        "image": {"Image|endswith": "\\powershell.exe"},
        "encoded": {"CommandLine|contains": [" -enc ", " -e "]},
        "filter": {"User": "SYSTEM"},
        "condition": "image and encoded and not filter",
    },
    "level": "high",
}  # fmt: skip

DOCUMENT = {
    "Event": {
        "System": {
            "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}},
            "EventID": 1,
            "TimeCreated": {"#attributes": {"SystemTime": "2026-11-22T23:59:59.123456Z"}},
            "EventRecordID": 7,
            "Channel": "Microsoft-Windows-Sysmon/Operational",
            "Computer": "web1.corp.test",
        },
        "EventData": {
            "UtcTime": "2026-11-22 23:59:59.000",
            "Image": "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
            "CommandLine": "powershell -nop -enc SQBFAFgA",
            "ProcessId": 4321,
            "ParentImage": "C:\\Windows\\System32\\inetsrv\\w3wp.exe",
            "ParentCommandLine": "w3wp.exe -ap Default",
            "User": "IIS APPPOOL\\Default",
            "Hashes": "MD5=0123456789ABCDEF0123456789ABCDEF",
            "SourceIp": "203.0.113.5",
        },
    }
}


def make(
    folder: Path, rule: dict[str, Any], document: Any, version: int = 19, **record: Any
) -> Alert:
    at = event(document, **record)
    (match,) = Detector(loaded(folder, rule).rules, fail_on_problem).match(at)
    maker = AlertMaker(Catalog.load(), EXECUTION, namespace="default", attack_version=version)
    return maker.make(match, "event-1", NOW)


def simple(folder: Path, document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return make(folder, rule(**changes), labelled(document)).document


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder of a lasting name, which is the rule set's."""
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("version", [18, 19])
def test_the_whole_document_is_what_it_was(version: int, rules: Path) -> None:
    """Indices, dashboards and detection rules rest on it; a change must be meant."""
    alert = make(rules, RULE, DOCUMENT, version, index=".ds-logs-1", line=12)
    text = json.dumps(alert.document, indent=1, ensure_ascii=False) + "\n"
    assert text == (GOLDEN / f"alert-attack-{version}.json").read_text(encoding="utf-8")


def test_it_has_every_field_that_the_design_asks_for(rules: Path) -> None:
    document = make(rules, RULE, DOCUMENT, line=12).document
    for path in (
        "@timestamp", "ecs.version", "message", "event.kind", "event.category", "event.module",
        "event.dataset", "event.severity", "event.risk_score", "event.reason", "event.start",
        "event.end", "event.created", "event.ingested", "event.id", "rule.uuid", "rule.name",
        "rule.version", "rule.ruleset", "rule.author", "rule.license", "rule.reference",
        "rule.category", "threat", "related.ip", "related.user", "related.hosts", "related.hash",
        "host.name", "user.name", "source.ip", "process.executable", "vedette.alert.status",
        "vedette.alert.depth", "vedette.alert.original_time", "vedette.alert.dedup_key",
        "vedette.alert.ancestors", "vedette.alert.explanation", "vedette.alert.attack.version",
        "vedette.alert.source_events", "vedette.alert.execution.id",
    ):  # fmt: skip
        place: Any = document
        for part in path.split("."):
            place = place[part]
        assert place not in (None, "", [], {}), path


def test_times_are_those_of_writing_and_the_events_own_is_beside_them(rules: Path) -> None:
    alert = make(rules, RULE, DOCUMENT)
    assert alert.document["@timestamp"] == "2026-11-23T02:30:00.000Z"
    assert alert.document["event"]["ingested"] == alert.document["@timestamp"]
    assert alert.document["vedette"]["alert"]["original_time"] == "2026-11-22T23:59:59.123Z"
    assert alert.anchor_time == datetime(2026, 11, 22, 23, 59, 59, 123456, tzinfo=UTC)


def test_an_event_without_a_time_gives_an_alert_without_one(tmp_path: Path) -> None:
    alert = make(tmp_path, rule(), labelled({"a": 1}))
    assert alert.anchor_time is None
    assert "start" not in alert.document["event"]
    assert "original_time" not in alert.document["vedette"]["alert"]


def test_the_id_is_of_namespace_rule_and_event(rules: Path) -> None:
    alert = make(rules, RULE, DOCUMENT)
    assert alert.id == alert_id("default", str(RULE["id"]), "sigma", "event-1")
    assert alert.document["event"]["id"] == alert.document["vedette"]["alert"]["id"] == alert.id


@pytest.mark.parametrize(
    ("level", "severity", "risk"),
    [("informational", 21, 10.0), ("low", 21, 25.0), ("medium", 47, 47.0), ("high", 73, 73.0),
     ("critical", 99, 99.0), (None, 47, 47.0)],
)  # fmt: skip
def test_severity_and_risk_by_level(
    level: str | None, severity: int, risk: float, tmp_path: Path
) -> None:
    found = simple(tmp_path, {"a": 1}, level=level)["event"]
    assert (found["severity"], found["risk_score"]) == (severity, risk)
    assert SEVERITY.keys() == RISK.keys() == set(LEVELS)


def test_no_field_is_null(rules: Path) -> None:
    def nulls(value: Any) -> bool:
        if isinstance(value, dict):
            return any(map(nulls, value.values()))
        return value is None or (isinstance(value, list) and any(map(nulls, value)))

    assert not nulls(make(rules, rule(), labelled({"a": 1})).document)


def test_a_rule_without_tags_has_no_threat(tmp_path: Path) -> None:
    document = simple(tmp_path, {"a": 1})
    assert "threat" not in document
    assert "related" not in document


def test_values_of_absurd_length_are_cut_and_marked(tmp_path: Path) -> None:
    long = "x" * (1 << 20)
    document = simple(
        tmp_path,
        {"a": 1, "CommandLine": long, "Computer": long, "n": {"deep": [long]}},
        title="T",
        description="d" * 10_000,
        detection={"s": {"a": 1, "CommandLine|contains": "x"}, "condition": "s"},
    )
    assert len(document["process"]["command_line"]) <= MAX_TEXT
    assert document["process"]["command_line"].endswith(" more characters]")
    (source,) = document["vedette"]["alert"]["source_events"]
    assert len(source["CommandLine"]) <= MAX_SOURCE_TEXT
    assert "[cut: " in source["n"]["deep"][0]
    assert len(json.dumps(document)) < 200_000


def test_an_event_of_any_depth_is_carried(tmp_path: Path) -> None:
    deep: dict[str, Any] = {"x": 1}
    for _ in range(900):
        deep = {"a": deep}
    carried = source_event(deep)
    for _ in range(MAX_SOURCE_LEVELS + 1):
        carried = carried["a"]
    assert isinstance(carried, str)
    json.dumps(simple(tmp_path, {"a": 1, "deep": deep}))


def test_a_short_event_is_carried_as_it_is() -> None:
    document = {"a": [1, {"b": None}], "c": True, "d": 1.5, "e": ""}
    assert source_event(document) == document


def explanation(folder: Path, selection: Any, document: dict[str, Any]) -> list[dict[str, Any]]:
    detection = {"s": selection, "condition": "s"}
    found = simple(folder, document, detection=detection)
    return list(found["vedette"]["alert"]["explanation"])


def test_an_explanation_shows_the_value_that_it_is_about(tmp_path: Path) -> None:
    groups = {"Groups": ["Users", "Domain Admins"]}
    assert explanation(tmp_path, {"Groups|contains": "admin"}, groups) == [
        {"feature": "Groups", "contribution": 1.0,
         "text": "Groups contains 'admin'; was 'Domain Admins'"}
    ]  # fmt: skip
    assert explanation(tmp_path, ["evil"], {"a": "good", "b": "so evil"}) == [
        {"feature": "keyword", "contribution": 1.0,
         "text": "any value contains 'evil'; was 'so evil'"}
    ]  # fmt: skip


def test_an_explanation_of_what_is_missing_shows_no_value(tmp_path: Path) -> None:
    (found,) = explanation(tmp_path, {"User": None}, {})
    assert found["text"] == "User is missing or null"


def test_an_explanation_has_an_end(tmp_path: Path) -> None:
    selection = {f"f{i}": i for i in range(100)}
    found = explanation(tmp_path, selection, selection)
    assert len(found) == MAX_EVIDENCE


def test_the_reason_says_who_where_and_by_what(rules: Path) -> None:
    reason = make(rules, RULE, DOCUMENT).document["event"]["reason"]
    assert reason.startswith("Encoded PowerShell from a web server by Default on web1.corp.test")
    assert "(powershell.exe)" in reason
    assert "CommandLine contains ' -enc '" in reason
