"""Every store of incidents keeps one contract: memory, SQLite, and in `tests/live/` a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.search import ClusterIncidents
from connectors.sqlite import SqliteIncidents
from engine.errors import SinkError
from engine.incident.finding import Finding
from engine.incident.group import assign
from engine.incident.rank import Rarity, standing
from engine.incident.record import document_of
from engine.ports import Incidents, Kept
from tests.connectors.search.double import FakeClient, Patient, refusal
from tests.engine.incident.made import START, finding
from tests.engine.incident.memory import MemoryIncidents


def refused(place: int, status: int, kind: str) -> Callable[[Any], Any]:
    """What makes an answer say that one of the items was refused; the script knows no more."""

    def change(answer: Any) -> Any:
        items = list(answer["items"])
        items[place] = {"index": {"status": status, "error": {"type": kind, "reason": "so"}}}
        return {"items": items}

    return change


def record(*findings: Finding) -> dict[str, Any]:
    (incident,) = assign(findings, (), "default")
    return document_of(incident, standing(incident, Rarity()), "default", START)


def keeps_the_contract(store: Incidents) -> None:
    """What every store does; an empty one is given."""
    store.prepare()
    hour = timedelta(hours=1)
    first = record(finding("a", user="k"), finding("b", 20))
    second = record(finding("c", 300, host="DC01"))
    assert list(store.all()) == []
    assert store.get(first["id"]) is None
    assert store.find(["host:ws02"], START, START + hour) == []
    assert store.put([Kept(first, None), Kept(second, None)]) == []
    assert store.put([Kept(first, None)]) == [first["id"]]

    (found,) = store.find(["host:ws02", "user:nobody"], START, START + hour)
    assert found.document == first
    assert store.find(["host:ws02"], START - 2 * hour, START - hour) == []
    assert store.find(["host:ws02"], START + hour, START + 2 * hour) == []
    assert store.find(["host:other"], START, START + hour) == []
    assert len(store.find(["host:ws02", "host:dc01"], START, START + 9 * hour)) == 2

    changed = record(finding("a", user="k"), finding("b", 20), finding("d", 25, user="m"))
    assert store.put([Kept(changed, found.version)]) == []
    assert store.put([Kept(first, found.version)]) == [first["id"]]
    assert [each.document for each in store.find(["user:m"], START, START + hour)] == [changed]
    kept = store.get(first["id"])
    assert kept is not None
    assert kept.document == changed
    assert [d["id"] for d in store.all(START + 2 * hour)] == [second["id"]]
    assert {d["id"] for d in store.all()} == {first["id"], second["id"]}


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteIncidents]:
    store = SqliteIncidents(tmp_path / "vedette.db")
    yield store
    store.close()


def test_memory_keeps_the_contract() -> None:
    keeps_the_contract(MemoryIncidents())


def test_sqlite_keeps_the_contract(sqlite: SqliteIncidents) -> None:
    keeps_the_contract(sqlite)


def test_reading_where_nothing_is_creates_no_file(tmp_path: Path) -> None:
    store = SqliteIncidents(tmp_path / "vedette.db")
    assert list(store.all()) == store.find(["host:a"], START, START) == []
    assert store.get("x") is None
    assert not (tmp_path / "vedette.db").exists()


def test_a_cluster_that_was_changed_meanwhile_says_no_and_a_refusal_is_ours() -> None:
    client = FakeClient()
    store = ClusterIncidents(client, "t", retry=Patient().retry)
    one = record(finding("a"))
    assert store.put([Kept(one, None)]) == []
    kept = store.get(one["id"])
    assert kept is not None
    assert store.put([Kept(one, None)]) == [one["id"]]
    assert store.put([kept]) == []
    assert store.put([kept]) == [one["id"]]
    client.script["bulk_replace"] = [refused(0, 400, "mapper_parsing_exception")]
    current = store.get(one["id"])
    assert current is not None
    with pytest.raises(SinkError, match="vedette-incidents-t"):
        store.put([current])


def some(number: int) -> list[Kept]:
    return [Kept(record(finding(f"f{at}", host=f"h{at}")), None) for at in range(number)]


def test_a_batch_of_incidents_is_one_request_and_only_what_changed_meanwhile_is_refused() -> None:
    client = FakeClient()
    store = ClusterIncidents(client, "t", retry=Patient().retry)
    changes = some(5)
    assert store.put(changes[1:2]) == []
    client.calls.clear()
    assert store.put(changes) == [changes[1].document["id"]]
    assert client.calls == {"bulk_replace": 1}
    assert all(store.get(each.document["id"]) for each in changes)


def test_an_incident_that_a_busy_cluster_left_out_is_sent_again_alone() -> None:
    client, patient = FakeClient(), Patient()
    store = ClusterIncidents(client, "t", retry=patient.retry)
    real, sent = client.bulk_replace, []

    def busy(body: bytes) -> Any:
        sent.append(body.count(b"\n") // 2)
        if len(sent) > 1:
            return real(body)
        _, _, rest = body.split(b"\n", 2)
        answer = real(rest)
        late = {"create": {"status": 429, "error": {"type": "busy", "reason": "later"}}}
        return {"items": [late, *answer["items"]]}

    client.bulk_replace = busy  # type: ignore[method-assign]
    changes = some(4)
    assert store.put(changes) == []
    assert sent == [4, 1]
    assert len(patient.waits) == 1
    assert all(store.get(each.document["id"]) for each in changes)


def test_incidents_too_large_for_one_request_go_in_several() -> None:
    client = FakeClient()
    store = ClusterIncidents(client, "t", retry=Patient().retry)
    real = client.bulk_replace

    def small(body: bytes) -> Any:
        if body.count(b"\n") > 4:
            raise refusal(413, "too_large")
        return real(body)

    client.bulk_replace = small  # type: ignore[method-assign]
    changes = some(7)
    assert store.put(changes) == []
    assert all(store.get(each.document["id"]) for each in changes)


def test_a_write_whose_answer_was_lost_is_read_again_and_adds_nothing() -> None:
    client = FakeClient()
    store = ClusterIncidents(client, "t", retry=Patient().retry)
    real, lost = client.bulk_replace, [True]

    def lose(body: bytes) -> Any:
        answer = real(body)
        if lost.pop() if lost else False:
            raise refusal(0, "ConnectionTimeout")
        return answer

    client.bulk_replace = lose  # type: ignore[method-assign]
    (one,) = some(1)
    assert store.put([one]) == [one.document["id"]]
    kept = store.get(one.document["id"])
    assert kept is not None
    assert kept.document == one.document
