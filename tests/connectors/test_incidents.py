"""Every store of incidents keeps one contract: memory, SQLite, and in `tests/live/` a cluster."""

from __future__ import annotations

from collections.abc import Iterator
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
from engine.ports import Incidents
from tests.connectors.search.double import FakeClient, Patient, refusal
from tests.engine.incident.made import START, finding
from tests.engine.incident.memory import MemoryIncidents


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
    assert store.put(first, None)
    assert store.put(second, None)
    assert not store.put(first, None)

    (found,) = store.find(["host:ws02", "user:nobody"], START, START + hour)
    assert found.document == first
    assert store.find(["host:ws02"], START - 2 * hour, START - hour) == []
    assert store.find(["host:ws02"], START + hour, START + 2 * hour) == []
    assert store.find(["host:other"], START, START + hour) == []
    assert len(store.find(["host:ws02", "host:dc01"], START, START + 9 * hour)) == 2

    changed = record(finding("a", user="k"), finding("b", 20), finding("d", 25, user="m"))
    assert store.put(changed, found.version)
    assert not store.put(first, found.version)
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
    assert store.put(one, None)
    kept = store.get(one["id"])
    assert kept is not None
    assert not store.put(one, None)
    assert store.put(one, kept.version)
    assert not store.put(one, kept.version)
    client.script["index"] = [refusal(400, "mapper_parsing_exception")]
    current = store.get(one["id"])
    assert current is not None
    with pytest.raises(SinkError, match="vedette-incidents-t"):
        store.put(one, current.version)
