"""Alerts of the embedded store, read again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.sqlite import SqliteAlerts
from connectors.sqlite.sink import SqliteSink
from engine.ports import Alert

START = datetime(2026, 11, 20, tzinfo=UTC)


def filled(path: Path) -> SqliteAlerts:
    """Four alerts, one an hour, of which the last two begin alike."""
    now = START
    sink = SqliteSink(path, clock=lambda: now)
    for number, id in enumerate(["dd01", "aa02", "bb03", "bb04"]):
        now = START + timedelta(hours=number)
        sink.write([Alert(id, now, {"vedette": {"alert": {"id": id}}, "big": 2**70})])
    sink.close()
    return SqliteAlerts(path)


def ids(found: object) -> list[str]:
    return [each["vedette"]["alert"]["id"] for each in found]  # type: ignore[attr-defined]


def test_alerts_are_found_by_how_their_ids_begin_and_by_when_they_were_written(
    tmp_path: Path,
) -> None:
    alerts = filled(tmp_path / "a.sqlite")
    assert ids(alerts.find("bb")) == ["bb03", "bb04"]
    assert ids(alerts.find("bb", 1)) == ["bb03"]
    assert alerts.find("b%") == alerts.find("bb03x") == []
    assert ids(alerts.written()) == ["dd01", "aa02", "bb03", "bb04"]
    since, until = START + timedelta(hours=1), START + timedelta(hours=3)
    assert ids(alerts.written(since, until)) == ["aa02", "bb03"]
    assert next(alerts.written())["big"] == 2**70
    alerts.close()


def test_reading_where_nothing_is_makes_no_file(tmp_path: Path) -> None:
    alerts = SqliteAlerts(tmp_path / "none.sqlite")
    assert list(alerts.written()) == alerts.find("aa") == []
    assert not (tmp_path / "none.sqlite").exists()
