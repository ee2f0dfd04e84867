"""The actions stream in SQLite."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.sqlite import SqliteActions, SqliteStore
from engine.errors import SinkError
from engine.ports import Action


def action(id: str, hour: int = 1, **more: object) -> Action:
    return Action(id, {"@timestamp": f"2026-11-23T{hour:02}:00:00.000Z", "kind": "capped", **more})


def test_an_id_that_is_there_adds_nothing(tmp_path: Path) -> None:
    actions = SqliteActions(tmp_path / "a.sqlite")
    actions.record([action("one", count=1), action("two", count=2)])
    actions.record([action("one", count=9), action("three", count=3)])
    assert sorted(document["count"] for document in actions.read()) == [1, 2, 3]
    actions.close()


def test_what_was_written_since_a_time_is_found(tmp_path: Path) -> None:
    actions = SqliteActions(tmp_path / "a.sqlite")
    actions.record([action("one", 1, n=1), action("two", 2, n=2)])
    since = datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert [document["n"] for document in actions.read(since)] == [2]
    actions.close()


def test_reading_where_nothing_is_makes_no_file_and_no_table(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    actions = SqliteActions(file)
    assert list(actions.read()) == []
    actions.record([])
    assert not file.exists()
    store = SqliteStore(file)
    store.sink.prepare()
    store.close()
    assert list(actions.read()) == []
    actions.close()
    with sqlite3.connect(file) as connection:
        assert not connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'actions'"
        ).fetchall()
    connection.close()


def test_a_value_that_is_half_a_letter_is_kept(tmp_path: Path) -> None:
    actions = SqliteActions(tmp_path / "a.sqlite")
    actions.record([action("one", key=[{"field": "a", "value": "\ud800"}])])
    assert len(list(actions.read())) == 1
    actions.close()


def test_a_file_that_is_locked_is_a_sink_error(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    SqliteActions(file).record([action("one")])
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    actions = SqliteActions(file, busy_timeout=0.01)
    with pytest.raises(SinkError, match="locked"):
        actions.record([action("two")])
    actions.close()
    other.close()
