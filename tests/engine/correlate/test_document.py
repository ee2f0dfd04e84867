"""The alert of a correlation: what it says, what it is made of, and its id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.alert import AlertMaker, Execution
from engine.correlate.correlator import ANCESTORS, SHOWN, Correlator
from engine.correlate.document import alert
from engine.correlate.limits import Limits
from engine.errors import Problems
from engine.ids import alert_id
from engine.ports import Alert
from mitre.catalog import Catalog
from tests.engine.correlate.stream import EPOCH, Feed, Seen, correlation, ruleset
from tests.engine.helpers import NOW


@pytest.fixture
def maker() -> AlertMaker:
    return AlertMaker(Catalog.load(), Execution("x", "test"), namespace="default")


def alerts(
    maker: AlertMaker, folder: Path, document: dict[str, Any], events: list[Seen], **limits: int
) -> list[Alert]:
    rules = ruleset(folder, document)
    correlator = Correlator(rules.correlations, rules.rules, Problems(), limits=Limits(**limits))
    feed = Feed(rules, correlator)
    for event in events:
        feed.give(event)
    return [alert(maker, finding, NOW) for finding in correlator.finish()]


def failures(count: int, **fields: Any) -> list[Seen]:
    return [
        Seen(n, f"e{n:03}", ("a",), tuple({"EventID": 4625, **fields, "n": n}.items()))
        for n in range(count)
    ]


def failed_logons(**more: Any) -> dict[str, Any]:
    return {
        **correlation(
            "Password guessed", type="event_count", rules=["a"], timespan="5m",
            group_by=["TargetUserName"], condition={"gte": 7},
        ),
        "id": "5b6b0a64-6f0a-4a7e-9f0d-3f1b7f0d8f01",
        "level": "high",
        "tags": ["attack.credential-access", "attack.t1110.001"],
        **more,
    }  # fmt: skip


def test_it_says_in_words_what_came_together(maker: AlertMaker, tmp_path: Path) -> None:
    events = [
        Seen(n, f"e{n}", ("a",), (("TargetUserName", "alice"), ("Computer", f"WS0{n % 3}")))
        for n in range(7)
    ]
    (found,) = alerts(maker, tmp_path, failed_logons(), events)
    assert found.document["event"]["reason"] == (
        "Password guessed: 7 events of “Rule a” for TargetUserName alice, of 3 hosts, within 5m"
    )


def test_it_has_the_shape_of_all_alerts(maker: AlertMaker, tmp_path: Path) -> None:
    events = failures(7, TargetUserName="alice", Computer="DC01", IpAddress="10.0.0.9")
    (found,) = alerts(maker, tmp_path, failed_logons(), events)
    document, own = found.document, found.document["vedette"]["alert"]
    anchor = '["alice","e006"]'
    assert found.id == alert_id("default", own["dedup_key"][:36], "correlation", anchor)
    assert own["dedup_key"] == f"5b6b0a64-6f0a-4a7e-9f0d-3f1b7f0d8f01:{anchor}"
    assert document["event"]["id"] == own["id"] == found.id
    assert document["event"]["start"] == "2026-01-01T00:00:00.000Z"
    assert document["event"]["end"] == own["original_time"] == "2026-01-01T00:00:06.000Z"
    assert (own["kind"], own["level"], own["depth"]) == ("correlation", "high", 2)
    assert own["correlation"] == {
        "type": "event_count", "timespan": "5m", "value": 7.0,
        "group": [{"field": "TargetUserName", "value": "alice"}],
    }  # fmt: skip
    assert document["rule"]["category"] == "correlation"
    assert document["host"]["name"] == "DC01"
    assert document["user"]["name"] == "alice"
    assert document["source"]["ip"] == "10.0.0.9"
    assert document["threat"][0]["technique"]["id"] == ["T1110"]
    assert own["explanation"][0]["text"] == "event_count 7, wanted: at least 7"
    assert json.loads(json.dumps(document)) == document


def test_what_its_events_do_not_share_is_left_out(maker: AlertMaker, tmp_path: Path) -> None:
    events = [
        Seen(n, f"e{n}", ("a",), (("TargetUserName", "alice"), ("Computer", f"WS0{n}")))
        for n in range(7)
    ]
    (found,) = alerts(maker, tmp_path, failed_logons(), events)
    assert "host" not in found.document
    assert found.document["user"]["name"] == "alice"
    assert found.document["related"]["hosts"] == [f"WS0{n}" for n in range(7)]


def test_it_names_and_shows_the_last_events_and_counts_all(
    maker: AlertMaker, tmp_path: Path
) -> None:
    document = failed_logons()
    document["correlation"]["condition"] = {"gte": 80}
    (found,) = alerts(maker, tmp_path, document, failures(80, TargetUserName="alice"))
    own = found.document["vedette"]["alert"]
    assert [each["id"] for each in own["ancestors"]] == [
        f"e{n:03}" for n in range(80 - ANCESTORS, 80)
    ]
    assert {each["type"] for each in own["ancestors"]} == {"event"}
    assert [each["n"] for each in own["source_events"]] == list(range(80 - SHOWN, 80))
    assert own["ancestors_total"] == own["source_events_total"] == 80


def test_without_tags_and_level_it_has_those_of_its_rules(
    maker: AlertMaker, tmp_path: Path
) -> None:
    document = failed_logons(tags=None, level=None)
    document = {key: value for key, value in document.items() if value is not None}
    (found,) = alerts(maker, tmp_path, document, failures(7, TargetUserName="alice"))
    assert found.document["vedette"]["alert"]["level"] == "medium"
    assert "threat" not in found.document


def test_the_next_alert_says_how_often_it_held_in_between(
    maker: AlertMaker, tmp_path: Path
) -> None:
    document = failed_logons()
    document["correlation"]["timespan"] = "10s"
    first, second = alerts(maker, tmp_path, document, failures(17, TargetUserName="alice"))
    assert "suppression" not in first.document["vedette"]["alert"]
    assert second.document["vedette"]["alert"]["suppression"] == {"count": 9}
    assert (first.anchor_time, second.anchor_time) != (None, None)


def test_a_cut_window_says_so(maker: AlertMaker, tmp_path: Path) -> None:
    document = failed_logons()
    events = failures(30, TargetUserName="alice")
    fired, cut = alerts(maker, tmp_path, document, events, matches=10)
    own = cut.document["vedette"]["alert"]
    assert own["capped"] == {"what": "matches of one window", "limit": 10, "total": 30}
    assert own["level"] == "informational"
    assert cut.document["event"]["severity"] == 21
    assert cut.document["event"]["reason"] == (
        "Password guessed: Not all of it was seen: the limit of 10 matches of one window has cut "
        "it; at least 30 came for TargetUserName alice within 5m"
    )
    assert cut.id != fired.id


def test_a_chain_counts_the_events_behind_it(maker: AlertMaker, tmp_path: Path) -> None:
    many = correlation("Many", "many", type="event_count", rules=["a"], group_by=["u"],
                       condition={"gte": 3})  # fmt: skip
    then = correlation("Then", type="temporal_ordered", rules=["many", "b"], group_by=["u"])
    rules = ruleset(tmp_path, many, then)
    correlator = Correlator(rules.correlations, rules.rules, Problems())
    feed = Feed(rules, correlator)
    for n, rule in enumerate("aaab"):
        feed.give(Seen(n, f"e{n}", (rule,), (("u", "al"),)))
    (finding,) = correlator.finish()
    document = alert(maker, finding, NOW).document
    own = document["vedette"]["alert"]
    assert own["depth"] == 3
    assert own["ancestors_total"] == 4
    assert [each["id"] for each in own["ancestors"]] == ["e0", "e1", "e2", "e3"]
    assert document["event"]["start"] == EPOCH.isoformat().replace("+00:00", ".000Z")
    assert document["event"]["reason"] == "Then: “Many” then “Rule b” for u al within 10s"
