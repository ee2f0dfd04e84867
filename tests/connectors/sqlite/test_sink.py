"""The embedded sink takes each id at most once."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sqlite import SqliteSink, SqliteStore
from engine.errors import SinkError
from engine.ports import Alert, Sink, Written

MakeAlert = Callable[..., Alert]
IDS = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), max_size=6)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_it_is_a_sink(store: SqliteStore) -> None:
    sink: Sink = store.sink
    assert sink.write([]) == Written()


def test_an_id_already_stored_is_left_as_it_is(store: SqliteStore, alert: MakeAlert) -> None:
    assert store.sink.write([alert("a", "high")]) == Written(1, 0, 0, ["a"])
    assert store.sink.write([alert("a", "low"), alert("b"), alert("b")]) == Written(1, 2, 0, ["b"])
    assert [row["vedette"]["alert"]["level"] for row in store.alerts()] == ["high", "high"]


@settings(max_examples=40, deadline=None)
@given(batches=IDS)
def test_created_and_existing_sum_to_what_was_given(batches: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "s.sqlite")
        total = Written()
        for batch in batches:
            written = store.sink.write([Alert(i, None, {"id": i}) for i in batch])
            assert written.created + written.existing == len(batch)
            assert len(written.created_ids) == written.created
            total.add(written)
        assert sorted(total.created_ids) == sorted({i for batch in batches for i in batch})
        assert sorted(row["id"] for row in store.alerts()) == sorted(total.created_ids)
        store.close()


def test_columns_are_taken_from_the_document(path: Path, alert: MakeAlert) -> None:
    sink = SqliteSink(path, clock=lambda: datetime(2026, 2, 1, 9, tzinfo=UTC))
    sink.write([alert("a", "critical"), Alert("b", None, {})])
    sink.close()
    query = "SELECT id, anchor_time, written, level, rule_id, rule_name FROM alerts"
    now = "2026-02-01T09:00:00.000000Z"
    assert rows(path, query) == [
        ("a", "2026-01-31T08:00:00.000000Z", now, "critical", "r1", "Encoded PowerShell"),
        ("b", None, now, None, None, None),
    ]


@pytest.mark.parametrize(
    "time",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
        datetime(1, 1, 1),
    ],
)
def test_any_time_an_event_claims_can_be_stored(store: SqliteStore, time: datetime) -> None:
    assert store.sink.write([Alert("a", time, {})]).created == 1


@pytest.mark.parametrize(
    "value", [10**40, -(10**40), "\ud800", "\x00", {"": {"": [None, True, 1.5]}}, "'; DROP --"]
)
def test_any_json_value_comes_back_as_it_was(store: SqliteStore, value: object) -> None:
    document = {"rule": {"uuid": value, "name": value}, "event": value}
    store.sink.write([Alert("a", None, document)])
    assert list(store.alerts()) == [document]


@pytest.mark.parametrize("depth", [300, 100_000])
def test_an_alert_that_cannot_be_json_is_dead_lettered_with_its_reason(
    store: SqliteStore, path: Path, alert: MakeAlert, depth: int
) -> None:
    nested: list[object] = []
    for _ in range(depth):
        nested = [nested]
    written = store.sink.write([alert("a", nested=nested), alert("b")])
    assert written == Written(1, 0, 1, ["b"], ["a"])
    assert store.sink.write([alert("a", nested=nested)]) == Written(0, 0, 1, [], ["a"])
    ((identity, rule, reason),) = rows(path, "SELECT id, rule_id, reason FROM dead_letters")
    assert (identity, rule) == ("a", "r1")
    assert "ecursion" in str(reason)
    ((text, time),) = rows(path, "SELECT document, anchor_time FROM dead_letters")
    assert json.loads(str(text))["rule"] == alert("a").document["rule"]
    assert "deeper levels left out" in str(text)
    assert time == "2026-01-31T08:00:00.000000Z"


def test_a_failed_write_stores_nothing(store: SqliteStore, path: Path, alert: MakeAlert) -> None:
    store.sink.prepare()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("""CREATE TRIGGER full BEFORE INSERT ON alerts WHEN new.id = 'c'
        BEGIN SELECT RAISE(FAIL, 'disk full'); END""")
    with pytest.raises(SinkError, match="cannot be used: disk full"):
        store.sink.write([alert("a"), alert("b"), alert("c")])
    assert list(store.alerts()) == []
    other.execute("DROP TRIGGER full")
    other.close()
    assert store.sink.write([alert("a"), alert("b"), alert("c")]).created == 3


def test_a_lock_held_by_another_is_an_error_after_the_wait(
    store: SqliteStore, path: Path, alert: MakeAlert
) -> None:
    store.sink.prepare()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SinkError, match="cannot be used: database is locked"):
        store.sink.write([alert("a")])
    other.execute("ROLLBACK")
    other.close()
    assert store.sink.write([alert("a")]).created == 1
