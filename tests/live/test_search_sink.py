"""Alerts in real servers: one document for each id, findable by every field, none lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.search import AlertSink
from connectors.search.client import part
from engine.errors import Problems
from engine.ports import Alert
from tests.live.fixtures import Cluster
from tests.live.helpers import T0, alert, found

pytestmark = pytest.mark.live

FULL = {
    "@timestamp": "2026-11-23T02:30:00.000Z",
    "ecs": {"version": "8.17.0"},
    "message": "Encoded PowerShell started",
    "event": {
        "kind": "alert",
        "category": ["intrusion_detection"],
        "type": ["info"],
        "module": "vedette",
        "dataset": "vedette.alerts",
        "severity": 73,
        "risk_score": 73.0,
        "reason": "PowerShell ran an encoded command",
        "id": "a1",
        "created": "2026-11-23T02:30:00.000Z",
        "ingested": "2026-11-23T02:30:00.000Z",
        "start": "2026-01-01T00:00:00.000Z",
        "end": "2026-01-01T00:00:00.000Z",
    },
    "rule": {
        "uuid": "0f06a3a5",
        "name": "Encoded PowerShell",
        "description": "An encoded command was started",
        "version": "1",
        "ruleset": "vedette",
        "author": ["A. Writer"],
        "license": "Apache-2.0",
        "reference": ["https://example.net/1"],
        "category": "process_creation",
    },
    "threat": [
        {
            "framework": "MITRE ATT&CK",
            "tactic": {"id": ["TA0002"], "name": ["Execution"], "reference": ["https://x.test/t"]},
            "technique": {
                "id": ["T1059"],
                "name": ["Command and Scripting Interpreter"],
                "reference": ["https://x.test/1059"],
                "subtechnique": {
                    "id": ["T1059.001"],
                    "name": ["PowerShell"],
                    "reference": ["https://x.test/1059/1"],
                },
            },
        }
    ],
    "related": {"ip": ["10.0.0.1"], "user": ["alice"], "hosts": ["ws01"], "hash": ["abc"]},
    "host": {"name": "ws01", "hostname": "ws01"},
    "user": {"name": "alice", "domain": "CORP"},
    "source": {"ip": "10.0.0.1", "port": 1},
    "destination": {"ip": "2001:db8::1", "port": 443, "domain": "c2.example"},
    "process": {
        "executable": "C:\\x\\powershell.exe",
        "name": "powershell.exe",
        "command_line": "powershell -enc AAAA",
        "pid": 1,
        "parent": {"executable": "C:\\x\\cmd.exe", "command_line": "cmd /c", "pid": 2},
    },
    "file": {"path": "C:\\x\\y"},
    "registry": {"path": "HKLM\\x"},
    "url": {"original": "/a?b"},
    "vedette": {
        "alert": {
            "id": "a1",
            "status": "open",
            "kind": "sigma",
            "level": "high",
            "depth": 1,
            "original_time": "2026-01-01T00:00:00.000Z",
            "dedup_key": "k:e",
            "rule_status": "test",
            "tags": ["attack.execution"],
            "logsource": "windows/process_creation",
            "ancestors": [{"id": "e1", "index": "w", "type": "event", "depth": 0, "line": 12}],
            "explanation": [{"feature": "CommandLine", "contribution": 0.5, "text": "-enc"}],
            "attack": {"version": 19, "unknown": ["attack.t9999"]},
            "scores": {"fused": 0.01, "percentile": 99.0},
            "model": {"id": "m", "version": "1", "sha256": "00"},
            "source_events": [{"EventID": 1, "Data": {"CommandLine": "powershell -enc AAAA"}}],
            "execution": {
                "id": "x",
                "type": "run",
                "from": "2026-01-01T00:00:00.000Z",
                "to": "2026-01-01T01:00:00.000Z",
            },
        }
    },
}


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, f"{path}.{key}")]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, path)]
    return [(path[1:], value)]


@pytest.fixture
def sink(cluster: Cluster) -> AlertSink:
    return AlertSink(cluster.client, cluster.namespace, report=Problems())


def stored(cluster: Cluster, sink: AlertSink, id: str) -> dict[str, Any]:
    (hit,) = found(cluster.client, sink.alias, {"term": {"vedette.alert.id": id}})
    return dict(hit["_source"])


def test_every_field_of_an_alert_can_be_searched(cluster: Cluster, sink: AlertSink) -> None:
    assert sink.write([Alert("a1", T0, FULL)]).created == 1
    cluster.client.refresh(sink.alias)
    for field, value in leaves(FULL):
        kind = "match" if field in ("message", "rule.description") else "term"
        assert cluster.client.count(sink.alias, {kind: {field: value}}) == 1, field
    assert cluster.client.count(sink.alias, {"match": {"rule.name.text": "encoded"}}) == 1
    assert cluster.client.count(sink.alias, {"term": {"destination.ip": "2001:db8::/32"}}) == 1
    assert stored(cluster, sink, "a1") == FULL


def test_the_mapping_is_closed_and_typed(cluster: Cluster, sink: AlertSink) -> None:
    sink.write([Alert("a1", T0, {**FULL, "stray": {"field": "value"}})])
    index = f"{sink.alias}-2026.01"
    mapping = cluster.client.request("GET", f"/{part(index)}/_mapping")[index]["mappings"]  # type: ignore[attr-defined]
    fields = mapping["properties"]
    assert mapping["dynamic"] == "false"
    assert "stray" not in fields
    assert fields["@timestamp"]["type"] == "date"
    assert fields["source"]["properties"]["ip"]["type"] == "ip"
    assert fields["rule"]["properties"]["uuid"]["type"] == "keyword"
    own = fields["vedette"]["properties"]["alert"]["properties"]
    assert own["source_events"]["type"] == cluster.client.flattened


def test_the_same_alert_twice_is_stored_once(cluster: Cluster, sink: AlertSink) -> None:
    alerts = [alert(f"a{n}") for n in range(5)]
    first = sink.write(alerts)
    assert (first.created, first.existing, first.dead) == (5, 0, 0)
    assert first.created_ids == [f"a{n}" for n in range(5)]
    again = AlertSink(cluster.client, cluster.namespace).write([*alerts, alert("b"), alert("b")])
    assert (again.created, again.existing, again.created_ids) == (1, 6, ["b"])
    assert len(found(cluster.client, sink.alias, {"match_all": {}})) == 6


def test_an_alert_keeps_its_index_from_one_day_to_the_next(cluster: Cluster) -> None:
    for days in (0, 40):
        clock = datetime.now(UTC) + timedelta(days=days)
        sink = AlertSink(cluster.client, cluster.namespace, clock=lambda now=clock: now)
        sink.write([alert("a1")])
    assert len(found(cluster.client, sink.alias, {"match_all": {}})) == 1


def test_alerts_lie_in_the_month_of_their_event(cluster: Cluster, sink: AlertSink) -> None:
    times = {
        "old": datetime(2019, 2, 28, 23, 59, tzinfo=UTC),
        "new": T0,
        "none": None,
        "ancient": datetime(1601, 1, 1, tzinfo=UTC),
        "future": datetime(2999, 1, 1, tzinfo=UTC),
    }
    sink.write([alert(name, time) for name, time in times.items()])
    hits = found(cluster.client, sink.alias, {"match_all": {}})
    assert {hit["_id"]: hit["_index"].removeprefix(sink.alias) for hit in hits} == {
        "old": "-2019.02",
        "new": "-2026.01",
        "none": "-undated",
        "ancient": "-undated",
        "future": "-undated",
    }


def test_the_alias_can_be_searched_before_the_first_alert(
    cluster: Cluster, sink: AlertSink
) -> None:
    sink.prepare()
    sink.prepare()
    assert cluster.client.exists(sink.alias)
    assert found(cluster.client, sink.alias, {"match_all": {}}) == []


def test_a_huge_value_does_not_keep_an_alert_out(cluster: Cluster, sink: AlertSink) -> None:
    event = {"word": "x" * 2**20, "deep": {"é": "é" * 40_000}}
    big = alert("big", source_events=[event])
    written = sink.write([alert("a"), big, alert("b")])
    assert (written.created, written.dead) == (3, 0)
    own = stored(cluster, sink, "big")["vedette"]["alert"]
    if cluster.kind == "elasticsearch":
        assert own == big.document["vedette"]["alert"]
    else:
        assert json.loads(own["source_raw"]["source_events"]) == [event]
        assert "immense term" in own["source_error"]
        assert sink.report.counts == {"alert-reduced": 1}  # type: ignore[attr-defined]
    assert sink.write([big]).existing == 1


HOSTILE: dict[str, dict[str, Any]] = {
    "a key of 40 kB": {"vedette": {"alert": {"source_events": [{"k" * 40_000: "v"}]}}},
    "a null byte in a key": {"vedette": {"alert": {"source_events": [{"a\0b": "v"}]}}},
    "an event that is none": {"vedette": {"alert": {"source_events": [1, "x", None]}}},
    "a lone surrogate": {"vedette": {"alert": {"source_events": [{"a": "\ud800", "\udfff": 1}]}}},
    "an integer of 40 digits": {"vedette": {"alert": {"source_events": [{"a": 10**40}]}}},
    "an address that is none": {"source": {"ip": "not an address", "port": "http"}},
    "an address that is an object": {"source": {"ip": {"x": 1}}},
    "a host that is text": {"host": "ws01"},
    "a user that is a list of lists": {"user": {"name": [["a"], [{"b": 1}]]}},
    "a number that is none": {"vedette": {"alert": {"source_events": [{"a": float("nan")}]}}},
    "names with dots": {"vedette": {"alert": {"source_events": [{"a..b": 1, ".": 2, "": 3}]}}},
    "depth": {"vedette": {"alert": {"source_events": [json.loads('{"a":' * 90 + "1" + "}" * 90)]}}},
}


def test_no_event_can_keep_its_alert_out_of_the_index(cluster: Cluster, sink: AlertSink) -> None:
    made = []
    for name, parts in HOSTILE.items():
        evil = alert(name)
        evil.document["vedette"]["alert"].update(parts.get("vedette", {}).get("alert", {}))
        evil.document.update({key: part for key, part in parts.items() if key != "vedette"})
        made.append(evil)
    written = sink.write(made)
    assert (written.created, written.existing, written.dead) == (len(HOSTILE), 0, 0)
    for name in HOSTILE:
        assert stored(cluster, sink, name)["event"]["severity"] == 73, name
    assert sink.write(made).existing == len(HOSTILE)


def test_an_alert_that_no_form_helps_is_a_dead_letter(cluster: Cluster, sink: AlertSink) -> None:
    broken = alert("dead")
    broken.document["event"] = "not an object"
    written = sink.write([alert("a"), broken, alert("b")])
    assert (written.created, written.dead) == (2, 1)
    (hit,) = found(cluster.client, sink.dead_letters.index, {"term": {"alert_id": "dead"}})
    letter = hit["_source"]
    assert json.loads(letter["document"]) == broken.document
    assert letter["index"] == f"{sink.alias}-2026.01"
    assert "event" in letter["error"]
    assert sink.report.counts == {"alert-dead": 1}  # type: ignore[attr-defined]
    assert sink.write([broken]).dead == 1
    assert len(found(cluster.client, sink.dead_letters.index, {"match_all": {}})) == 1


def test_many_alerts_go_in_bounded_requests(cluster: Cluster, sink: AlertSink) -> None:
    alerts = [alert(f"a{n}", source_events=[{"n": n, "pad": "p" * 9000}]) for n in range(1200)]
    assert sink.write(alerts).created == 1200
    cluster.client.refresh(sink.alias)
    assert cluster.client.count(sink.alias, {"match_all": {}}) == 1200
