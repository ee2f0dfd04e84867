"""Checkpoints and occurrence numbers last, and are one write."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from connectors.sqlite import SqliteState, SqliteStore
from engine.errors import StateError
from engine.ports import StateStore


def test_it_is_a_state_store(store: SqliteStore) -> None:
    state: StateStore = store.state
    assert state.load("a") is None
    assert state.occurrences("a", ["x"]) == {}


def test_reading_where_nothing_is_creates_nothing(store: SqliteStore, path: Path) -> None:
    store.state.load("a")
    store.state.occurrences("a", ["x"])
    assert list(store.alerts()) == []
    assert not path.parent.exists()


def test_what_is_committed_is_there_after_a_restart(store: SqliteStore, path: Path) -> None:
    checkpoint = {"mark": "2026-01-31T08:00:00Z", "seen": ["a", "ä"], "n": 1.5, "none": None}
    store.state.commit("logs", checkpoint, {"x": 1, "y": 7})
    store.close()
    again = SqliteState(path)
    assert again.load("logs") == checkpoint
    assert again.occurrences("logs", ["x", "y", "z"]) == {"x": 1, "y": 7}
    again.close()


def test_sources_do_not_see_each_other(store: SqliteStore) -> None:
    store.state.commit("a", {"n": 1}, {"x": 1})
    store.state.commit("b", {"n": 2}, {"x": 2})
    assert (store.state.load("a"), store.state.load("b")) == ({"n": 1}, {"n": 2})
    assert store.state.occurrences("a", ["x"]) == {"x": 1}


def test_no_checkpoint_leaves_the_old_one(store: SqliteStore) -> None:
    store.state.commit("a", {"n": 1}, {})
    store.state.commit("a", None, {"x": 1})
    assert store.state.load("a") == {"n": 1}
    assert store.state.occurrences("a", ["x"]) == {"x": 1}


def test_a_total_never_goes_back(store: SqliteStore) -> None:
    store.state.commit("a", None, {"x": 5})
    store.state.commit("a", None, {"x": 3})
    assert store.state.occurrences("a", ["x"]) == {"x": 5}


def test_many_hashes_are_asked_for_at_once(store: SqliteStore) -> None:
    totals = {f"{n:064x}": n for n in range(1, 40_001)}
    store.state.commit("a", None, totals)
    assert store.state.occurrences("a", totals) == totals


def test_checkpoint_and_occurrences_are_stored_together_or_not_at_all(
    store: SqliteStore, path: Path
) -> None:
    store.state.commit("a", {"n": 1}, {"x": 1})
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("""CREATE TRIGGER full BEFORE INSERT ON occurrences WHEN new.hash = 'z'
        BEGIN SELECT RAISE(FAIL, 'disk full'); END""")
    other.close()
    with pytest.raises(StateError, match="disk full"):
        store.state.commit("a", {"n": 2}, {"x": 2, "z": 1})
    assert store.state.load("a") == {"n": 1}
    assert store.state.occurrences("a", ["x", "z"]) == {"x": 1}


def test_a_checkpoint_that_is_no_json_is_refused(store: SqliteStore) -> None:
    with pytest.raises(StateError, match="checkpoint of 'a' cannot be written as JSON"):
        store.state.commit("a", {"n": object()}, {})


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_damaged_checkpoint_is_told(store: SqliteStore, path: Path, text: str) -> None:
    store.state.commit("a", {"n": 1}, {})
    other = sqlite3.connect(path)
    with other:
        other.execute("UPDATE checkpoints SET checkpoint = ?", (text,))
    other.close()
    with pytest.raises(StateError, match="checkpoint of 'a' is not a JSON object"):
        store.state.load("a")
