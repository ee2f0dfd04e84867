"""Push-down on real servers: the cluster evaluates, and alerts are those of in-process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.search import ClusterLedger
from connectors.search.names import ALERTS
from connectors.search.push import PushSource
from engine.pushed import Pushed, Question, Questions
from tests.live.fixtures import Cluster
from tests.live.helpers import at, event, found, ids, put, read
from tests.live.test_backfill import _process, ok

pytestmark = pytest.mark.live
__all__ = ["_process"]

TYPE = {
    "type": "keyword", "ignore_above": 64,
    "fields": {"caseless": {"type": "keyword", "ignore_above": 64, "normalizer": "lowercase"}},
}  # fmt: skip
KEYWORDS = {"mappings": {
    "properties": {"@timestamp": {"type": "date"}},
    "dynamic_templates": [
        {"strings": {"match_mapping_type": "string", "mapping": TYPE}}
    ],
}}  # fmt: skip
WINDOWS = {"product": "windows", "category": "process_creation"}


def rule(title: str, **detection: Any) -> dict[str, Any]:
    return {"title": title, "name": title.lower(), "status": "test", "level": "high",
            "logsource": WINDOWS, "detection": {"s": detection, "condition": "s"}}  # fmt: skip


RULES: list[dict[str, Any]] = [
    rule("Whoami", **{"Image|endswith": "\\whoami.exe"}),
    rule("Net", **{"Image|endswith": "\\net.exe", "CommandLine|contains": "user"}),
    rule("Expensive", **{"CommandLine|re": "a" * 1100}),
    {**rule("Words"), "detection": {"words": ["mimikatz"], "condition": "words"}},
    {"title": "Twice", "correlation": {
        "type": "event_count", "rules": ["whoami"], "group-by": ["Computer"], "timespan": "10m",
        "condition": {"gte": 2}, "generate": True}},
]  # fmt: skip


def started(image: str, ago: float, command: str = "x", host: str = "ws1") -> dict[str, Any]:
    """A Sysmon event as Winlogbeat ships it, so many minutes ago."""
    return {
        "@timestamp": (datetime.now(UTC) - timedelta(minutes=ago)).isoformat(),
        "event": {"code": "1", "category": "process", "type": "start"},
        "host": {"os": {"type": "windows"}},
        "winlog": {"channel": "Microsoft-Windows-Sysmon/Operational", "event_id": 1,
                   "computer_name": host},
        "process": {"executable": f"C:\\Windows\\System32\\{image}", "command_line": command},
    }  # fmt: skip


class Home:
    """A configured folder, in either mode."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.index = f"{cluster.prefix}-a"
        cluster.client.create_index(self.index, KEYWORDS)
        Path("rules").mkdir()
        Path("rules/rules.yml").write_text(yaml.safe_dump_all(RULES), encoding="utf-8")

    def run(self, mode: str) -> str:
        """A run until nothing new is left; gives its log."""
        given = {
            "namespace": self.cluster.namespace,
            "rules": {"paths": ["rules"], "cache": False},
            "state": {"dir": "state"},
            "cluster": {"hosts": [self.cluster.url], "kind": self.cluster.kind},
            "sources": [{"type": "search", "name": "logs", "index": self.index, "start": "2h",
                         "refresh_lag": "0s", "mode": mode, "push_pipelines": ["ecs_windows"]}],
        }  # fmt: skip
        Path("vedette.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
        return ok("run", "--until-idle").err

    def alerts(self) -> dict[str, dict[str, Any]]:
        hits = found(self.cluster.client, f"{ALERTS}{self.cluster.namespace}", {"match_all": {}})
        return {hit["_id"]: hit["_source"] for hit in hits}

    def titles(self) -> list[str]:
        return sorted(alert["rule"]["name"] for alert in self.alerts().values())


@pytest.fixture
def home(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.chdir(tmp_path)
    return Home(cluster)


def test_alerts_are_those_of_in_process_and_none_comes_twice_when_the_mode_changes(
    home: Home,
) -> None:
    documents = {f"w{n}": started("whoami.exe", 60 - n) for n in range(5)}
    documents |= {"net": started("net.exe", 50, "net user"), "calc": started("calc.exe", 40)}
    put(home.cluster.client, home.index, documents)
    told = home.run("push-down")
    pushed = home.alerts()
    assert home.titles() == ["Net", *["Whoami"] * 5], "what Twice finds waits for later events"
    assert "the cluster is asked for 3 of 4 rules" in told
    assert "nothing is seen of 'Words': asks for keywords in any field" in told
    assert "Expensive: the server refuses its query" in told
    assert "values over 64 characters are not found: " in told
    assert "1 correlations see only what these queries find" in told
    home.run("in-process")
    home.run("push-down")
    # what Twice finds comes once there are later events, or none for long
    now = {id: alert for id, alert in home.alerts().items() if alert["rule"]["name"] != "Twice"}
    assert now.keys() == pushed.keys()
    whoami = next(a for a in pushed.values() if a["rule"]["name"] == "Whoami")
    assert whoami["vedette"]["alert"]["explanation"][0]["feature"] == "Image"
    noted = ClusterLedger(home.cluster.client, home.cluster.namespace).notes("logs")
    assert next(note.subject for note in noted if note.kind == "push-refused") == "Expensive"


def test_what_a_mapping_hides_is_found_by_the_other_mode_alone(home: Home) -> None:
    long = "net user " + "a" * 100
    put(home.cluster.client, home.index, {
        "long": started("net.exe", 50, long), "upper": started("WHOAMI.EXE", 50),
    })  # fmt: skip
    home.run("push-down")
    assert home.titles() == ["Whoami"], "its field is one without case"
    home.run("in-process")
    assert home.titles() == ["Net", "Whoami"], "found by the sweep: nothing was known of that time"


def question(name: str, **term: Any) -> Question:
    return Question(name, name, {"term": term})


def source(cluster: Cluster, *asked: Question, **options: Any) -> PushSource:
    options.setdefault("clock", lambda: at(3600))
    return PushSource(cluster.client, "logs", f"{cluster.prefix}-*",
                      questions=lambda: Questions(asked), **options)  # fmt: skip


@pytest.fixture
def filled(cluster: Cluster) -> Cluster:
    cluster.client.create_index(f"{cluster.prefix}-a", KEYWORDS)
    documents = {f"a{n:02}": event(3000 + n, a="x", b=str(n % 3)) for n in range(20)}
    put(cluster.client, f"{cluster.prefix}-a", documents)
    return cluster


A, B = question("A", a="x"), question("B", b="1")


@pytest.mark.parametrize("size", [3, 7, 100])
def test_each_match_comes_once_with_all_rules_that_found_it(filled: Cluster, size: int) -> None:
    one = source(filled, A, B, page_size=size)
    records, checkpoint = read(one)
    assert ids(records) == [f"a{n:02}" for n in range(20)]
    assert all(isinstance(each.candidates, Pushed) for each in records)
    assert [len(each.candidates or ()) for each in records] == [1 + (n % 3 == 1) for n in range(20)]
    assert read(one, checkpoint)[0] == []
    assert read(source(filled, A, B), checkpoint)[0] == [], "nor in another process"


def test_a_rule_that_is_new_finds_what_lies_in_the_overlap(filled: Cluster) -> None:
    _, checkpoint = read(source(filled, A, overlap=timedelta(hours=1)))
    records, _ = read(source(filled, A, B, overlap=timedelta(hours=1)), checkpoint)
    assert {each.candidates for each in records} == {("B",)}
    assert len(records) == 7


def test_events_that_come_later_than_the_overlap_are_found_by_the_deeper_look(
    filled: Cluster,
) -> None:
    options: dict[str, Any] = {"overlap": timedelta(minutes=1), "sweep": timedelta(minutes=5)}
    one = source(filled, A, **options)
    _, checkpoint = read(one)
    put(filled.client, f"{filled.prefix}-a", {"late": event(100, a="x")})
    assert read(one, checkpoint)[0] == [], "it is not time to look"
    records, checkpoint = read(source(filled, A, **options), checkpoint)
    assert ids(records) == ["late"]
    assert read(source(filled, A, **options), checkpoint)[0] == []


def test_a_window_with_too_many_matches_is_read_in_halves(
    filled: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.search.push.MOST", 4)
    batches = list(source(filled, A, B, start=at(2900)).poll(None))
    found = [name for batch in batches for name in ids(batch.records)]
    assert found == [f"a{n:02}" for n in range(20)]
    assert max(len(batch.records) for batch in batches) <= 4
    marks = [batch.checkpoint["mark"] for batch in batches if batch.checkpoint]
    assert marks[1:] == sorted(marks[1:])


def test_a_window_is_asked_for_by_itself(filled: Cluster) -> None:
    batches = list(source(filled, A).window_batches(at(3005), at(3008)))
    assert [name for batch in batches for name in ids(batch.records)] == ["a05", "a06", "a07"]
    assert all(batch.checkpoint is None for batch in batches)


def test_an_index_that_is_not_there_yet_has_no_matches(cluster: Cluster) -> None:
    assert read(source(cluster, A))[0] == []
