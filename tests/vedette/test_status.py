"""`vedette status`: what the store, the cluster and the run say, and what cannot be asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.search import ClusterState
from connectors.search.ledger import document_of
from connectors.sqlite import SqliteLedger, SqliteStore
from engine.errors import SourceError
from engine.lease import Board, Lease, Member
from engine.ledger import Note
from engine.ports import Alert
from tests.connectors.search.double import FakeClient, Patient, refusal
from tests.live.helpers import alert
from tests.vedette.cli.command import vedette
from vedette import status
from vedette.metrics.meter import Meter
from vedette.metrics.server import serving
from vedette.settings import Settings

NOW = datetime(2026, 11, 23, 2, 40, tzinfo=UTC)
MARK = int(datetime(2026, 11, 23, 2, 30, tzinfo=UTC).timestamp() * 1000)
CLUSTER: dict[str, Any] = {
    "cluster": {"hosts": ["http://search.test:9200"]},
    "sources": [{"type": "search", "name": "logs", "index": "logs-*"}],
}


def settings(given: dict[str, Any]) -> Settings:
    return Settings.model_validate(given, context={"environ": {}})


class Told(FakeClient):
    """A cluster with alerts and events, which answers the questions of a status."""

    def search(self, body: Any, index: str | None = None) -> Any:
        self._meet("search")
        time = MARK + 540_000 if index == "logs-*" else MARK
        if index == "vedette-ledger-default":
            note = Note("late", "logs", NOW, NOW, 3, "came late", state="open")
            source = document_of(note, NOW)
        else:
            source = {"@timestamp": "2026-11-23T02:35:00Z", "error": "too\x1b deep"}
        return {"hits": {"hits": [{"_source": source, "sort": [time]}]}}

    def count(self, index: str, query: Any) -> int:
        self._meet("count")
        return 2 if "dead" in index else 7


def looked(client: FakeClient) -> status.Status:
    return status.look(settings(CLUSTER), lambda: NOW, lambda _: client)


def test_it_says_who_works_on_what(tmp_path: Path) -> None:
    file = tmp_path / "v.sqlite"
    store = SqliteStore(file)
    store.sink.prepare()
    seen = store.leases.read()
    board = Board(
        {"one": Member(15.0, units=("pipeline main",), seen="2026-11-23T02:39:58Z")},
        {"pipeline main": Lease("one", 3), "pipeline b": Lease(None, 1), "hunt:x": Lease("two", 1)},
    )
    assert store.leases.replace(board, seen)
    store.close()
    found = status.look(settings({"output": {"sqlite": str(file)}, "sources": []}), lambda: NOW)
    assert found.leases == [
        "hunt:x: two, which is gone",
        "pipeline b: nobody's",
        "pipeline main: one, last sign of life 2026-11-23T02:39:58Z",
    ]
    assert "lease    pipeline b: nobody's" in status.lines(found, NOW)


def test_a_cluster_says_marks_lag_alerts_and_dead_letters() -> None:
    client = Told()
    state = ClusterState(client, clock=lambda: NOW - timedelta(minutes=2), retry=Patient().retry)
    state.load("logs")
    state.commit("logs", {"version": 1, "mark": MARK, "seen": {}}, {})
    found = looked(client)
    assert (found.alerts, found.dead_letters, found.error) == (7, 2, "")
    assert found.dead_reasons == ["too\x1b deep"]
    (source,) = found.sources
    assert (source.mark, source.lag) == (datetime(2026, 11, 23, 2, 30, tzinfo=UTC), 600)
    assert source.newest == NOW - timedelta(minutes=1)
    assert source.stored == NOW - timedelta(minutes=2)
    assert client.calls["close"] == 1
    assert status.lines(found, NOW) == [
        "alerts   7 in the cluster search.test:9200, the last 5m ago; 2 dead letters",
        "         refused: too\x1b deep",
        "gaps     1 open",
        "noted    2026-11-23T02:40:00.000Z late logs: came late (3)",
        "source   logs (search): up to 2026-11-23 02:30:00, 10m behind the present, "
        "newest event 1m old, checkpoint stored 2m ago",
    ]


def test_it_says_how_far_each_scheduled_hunt_is(tmp_path: Path) -> None:
    head = "type: threshold\nat_least: 5\nwithin: 10m\nindex: logs-*\n"
    for number, more in enumerate(("schedule: {every: 5m}\n",) * 3 + ("",)):
        id = f"6f0c3b1e-9d0a-4d77-8a43-3e6a5f0f7a0{number}"
        (tmp_path / f"{number}.yml").write_text(f"title: H{number}\nid: {id}\n{head}{more}")
    client = Told()
    state = ClusterState(client, clock=lambda: NOW, retry=Patient().retry)
    for number, version in ((0, 1), (1, 99)):
        key = f"hunt:6f0c3b1e-9d0a-4d77-8a43-3e6a5f0f7a0{number}"
        state.load(key)
        mark = {"version": version, "until": "2026-11-23T02:35:00Z", "memory": {}}
        state.commit(key, mark, {})
    given = settings({**CLUSTER, "hunts": {"paths": [str(tmp_path)]}})
    found = status.look(given, lambda: NOW, lambda _: client)
    assert [hunt.lag for hunt in found.hunts] == [300, None, None]
    assert status.lines(found, NOW)[-4:] == [
        "hunt     H0 (6f0c3b1e-9d0a-4d77-8a43-3e6a5f0f7a00): up to 2026-11-23 02:35:00, "
        "5m behind the present",
        "hunt     H1 (6f0c3b1e-9d0a-4d77-8a43-3e6a5f0f7a01): has not run yet",
        "         error: the mark of hunt 'H1' cannot be read; expected version 1",
        "hunt     H2 (6f0c3b1e-9d0a-4d77-8a43-3e6a5f0f7a02): has not run yet",
    ]
    given = settings({**CLUSTER, "hunts": {"paths": [str(tmp_path / "none")]}})
    assert "hunts.paths: " in status.look(given, lambda: NOW, lambda _: Told()).error


def test_looking_writes_nothing() -> None:
    client = Told()
    looked(client)
    assert not {"index", "bulk", "create_index", "put_index_template"} & set(client.calls)


def test_what_may_not_be_asked_is_told_in_its_place() -> None:
    client = Told()
    client.script["count"] = [refusal(403, "security_exception", "no")]
    found = looked(client)
    assert found.alerts is None
    assert "403" in found.error
    assert found.sources[0].reached == "not read yet"
    assert status.lines(found, NOW)[0] == "alerts   unknown, in the cluster search.test:9200"


def test_a_cluster_that_is_away_leaves_the_rest() -> None:
    def away(_: Settings) -> Any:
        raise SourceError("nobody there")

    found = status.look(settings(CLUSTER), lambda: NOW, away)
    assert (found.error, found.sources[0].error) == ("nobody there", "nobody there")
    assert found.alerts is None


def test_a_run_is_asked_whether_it_is_ready() -> None:
    meter = Meter()
    with serving(meter, "127.0.0.1", 0) as port:
        listen = {"metrics": {"listen": f"127.0.0.1:{port}"}}
        ready = status.look(settings(listen), lambda: NOW).run
        assert ready == f"ready, at 127.0.0.1:{port}"
        meter.failing["logs"] = "gone\x1b"
        told = status.look(settings(listen), lambda: NOW).run
        assert told == f"not ready, at 127.0.0.1:{port}: source logs: gone\\x1b"
    assert status.look(settings(listen), lambda: NOW).run == f"none answers at 127.0.0.1:{port}"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vedette.yml").write_text("state: {dir: state}\n")
    return tmp_path


def test_an_installation_that_never_ran_says_so_and_nothing_is_made(home: Path) -> None:
    answer = vedette("status")
    assert answer.code == 0
    assert answer.out.startswith("alerts   0 in ")
    assert "source   inbox (folder): not read yet" in answer.out
    assert not (home / "state").exists()


def test_the_file_is_read_while_a_run_writes_to_it(home: Path) -> None:
    store = SqliteStore(home / "state" / "vedette.sqlite")
    store.sink.write([alert("a"), alert("b"), unwritable()])
    store.state.commit("inbox", {"files": [{}, {}]}, {})
    ledger = SqliteLedger(home / "state" / "vedette.sqlite")
    ledger.record([Note("late", "inbox", NOW, NOW, 3, "came late", state="open")])
    ledger.record([Note("malformed-json", "inbox", count=2, subject="a.ndjson:1")])
    ledger.close()
    answer = vedette("status", "--output", "json")
    found = json.loads(answer.out)
    assert (answer.code, found["alerts"], found["dead_letters"]) == (0, 2, 1)
    assert found["last_alert"].endswith("Z")
    assert "ValueError" in found["dead_reasons"][0] or "TypeError" in found["dead_reasons"][0]
    assert found["gaps"] == {"open": 1}
    assert found["noted"][0].endswith("Z late inbox: came late (3)")
    assert "malformed-json inbox: a.ndjson:1 (2)" in found["noted"][1]
    assert found["sources"] == [{"name": "inbox", "type": "folder", "reached": "2 files"}]
    store.close()


def test_dead_letters_that_were_replayed_are_no_trouble_any_more(home: Path) -> None:
    store = SqliteStore(home / "state" / "vedette.sqlite")
    store.sink.write([alert("a"), unwritable()])
    letter = Note("dead-letter", "inbox", count=1, subject="c", state="open")
    store.ledger.record([letter])
    assert "1 dead letters\n         refused: " in vedette("status").out
    store.ledger.record([letter.changed("filled", 1, "written anew")])
    said = vedette("status").out
    assert "1 dead letters, 0 of them not replayed yet" in said
    assert "refused" not in said
    store.close()


def unwritable() -> Alert:
    found = alert("c")
    found.document["bad"] = {1, 2}
    return found


def test_a_store_that_is_none_is_told_and_ends_with_1(home: Path) -> None:
    (home / "state").mkdir()
    (home / "state" / "vedette.sqlite").write_bytes(b"x" * 4096)
    answer = vedette("status")
    assert answer.code == 1
    assert "error: " in answer.out
    assert "not a SQLite database" in answer.out
