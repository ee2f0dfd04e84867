"""Alerts are read back, newest first, within bounds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.sqlite import SqliteSink, SqliteStore
from engine.errors import InputError
from engine.ports import Alert

MakeAlert = Callable[..., Alert]
ORDER = ("low", "critical", "medium", "high", "informational")


def ids(store: SqliteStore, **bounds: object) -> list[str]:
    found = store.alerts(**bounds)  # type: ignore[arg-type]
    return [document["vedette"]["alert"]["id"] for document in found]


@pytest.fixture
def five(store: SqliteStore, path: Path, alert: MakeAlert) -> SqliteStore:
    """Five alerts written on five days, `a` first."""
    for day, (identity, level) in enumerate(zip("abcde", ORDER, strict=True), 1):
        sink = SqliteSink(path, clock=lambda day=day: datetime(2026, 1, day, tzinfo=UTC))
        sink.write([alert(identity, level)])
        sink.close()
    return store


def test_the_last_written_comes_first(five: SqliteStore) -> None:
    assert ids(five) == ["e", "d", "c", "b", "a"]


def test_of_one_write_the_last_comes_first(store: SqliteStore, alert: MakeAlert) -> None:
    store.sink.write([alert(identity) for identity in "zaq"])
    assert ids(store) == ["q", "a", "z"]


def test_since_is_a_time_of_writing_and_included(five: SqliteStore) -> None:
    assert ids(five, since=datetime(2026, 1, 3, tzinfo=UTC)) == ["e", "d", "c"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [("informational", "edcba"), ("low", "dcba"), ("medium", "dcb"), ("high", "db"),
     ("critical", "b")],
)  # fmt: skip
def test_min_level_leaves_milder_ones_out(five: SqliteStore, level: str, expected: str) -> None:
    assert ids(five, min_level=level) == list(expected)


def test_limit_takes_the_latest(five: SqliteStore) -> None:
    assert ids(five, limit=2) == ["e", "d"]
    assert ids(five, limit=0) == []
    assert ids(five, limit=1, min_level="critical") == ["b"]


def test_an_unknown_level_is_an_error_at_once(store: SqliteStore) -> None:
    with pytest.raises(InputError, match="did you mean 'high'"):
        store.alerts(min_level="hihg")


def test_reading_goes_on_while_others_write(five: SqliteStore, alert: MakeAlert) -> None:
    reading = five.alerts()
    first = next(reading)["vedette"]["alert"]["id"]
    assert five.sink.write([alert("f")]).created == 1
    assert [first, *(row["vedette"]["alert"]["id"] for row in reading)] == list("edcba")
