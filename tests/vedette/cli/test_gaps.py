"""`vedette gaps`, `replay` and `backfill` with the embedded store."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sqlite import SqliteStore
from engine.ledger import Note
from engine.ports import Alert
from tests.vedette.cli.command import vedette

STORE = Path("state/vedette.sqlite")
T0 = datetime(2026, 1, 1, tzinfo=UTC)
GAP = Note("too-late", "logs", T0, T0 + timedelta(hours=1), 3, "came late", state="open", step=9)


@pytest.fixture
def store(folder: Path) -> Iterator[SqliteStore]:
    """A configured folder, and its store with two notes and a gap that was filled."""
    Path("vedette.yml").write_text("state: {dir: state}\n")
    made = SqliteStore(STORE.absolute())
    filled = Note("clock-back", "logs", T0, T0 + timedelta(hours=2), state="open")
    made.ledger.record([GAP, filled, Note("late", "=other", count=1, subject="\x1b[31mred")])
    made.ledger.record([filled.changed("filled", 1, "7 events evaluated, 1 alerts new", 7)])
    yield made
    made.close()


def rows(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(vedette("gaps", "-o", "json", *arguments).out)
    return found


def test_every_record_is_listed_with_what_became_of_it(store: SqliteStore) -> None:
    found = {row["kind"]: row for row in rows()}
    assert found["too-late"]["state"] == "open"
    assert found["too-late"]["start"] == "2026-01-01T00:00:00.000Z"
    assert (found["too-late"]["count"], found["too-late"]["id"]) == (3, GAP.id)
    assert found["clock-back"]["state"] == "filled"
    assert found["clock-back"]["outcome"] == "7 events evaluated, 1 alerts new"
    assert found["late"]["state"] == "noted"


def test_records_can_be_narrowed(store: SqliteStore) -> None:
    assert [row["kind"] for row in rows("--open")] == ["too-late"]
    assert [row["kind"] for row in rows("--filled")] == ["clock-back"]
    assert [row["kind"] for row in rows("--source", "=other")] == ["late"]
    assert len(rows("--since", "2026-01-01")) == 3
    assert rows("--since", "2199-01-01") == []


def test_a_source_that_is_not_there_is_told_with_the_nearest(store: SqliteStore) -> None:
    assert "did you mean 'inbox'?" in vedette("gaps", "--source", "inbxo").err
    assert vedette("gaps", "--source", "inbox").err == ""
    assert vedette("gaps", "--source", "logs").err == ""  # of a source that was there once


def test_open_gaps_are_told_by_the_exit_code(store: SqliteStore) -> None:
    assert vedette("gaps").code == 0
    assert vedette("gaps", "--open").code == 1
    store.ledger.record([GAP.changed("abandoned", 1, "gone")])
    assert vedette("gaps", "--open").code == 0


def test_each_format_says_the_same_and_is_safe(store: SqliteStore) -> None:
    lines = [json.loads(line) for line in vedette("gaps", "-o", "ndjson").out.splitlines()]
    assert lines == rows()
    table = vedette("gaps", "-o", "table").out
    assert table.splitlines()[0].split()[:4] == ["time", "source", "kind", "state"]
    assert "\x1b" not in table
    assert "\\x1b[31mred" in table
    (cells,) = [
        row for row in csv.DictReader(io.StringIO(vedette("gaps", "-o", "csv").out))
        if row["kind"] == "late"
    ]  # fmt: skip
    assert cells["source"] == "'=other"


def test_an_empty_ledger_makes_no_file(folder: Path) -> None:
    Path("vedette.yml").write_text("state: {dir: state}\n")
    assert vedette("gaps", "-o", "ndjson").out == ""
    assert "nothing" in vedette("gaps", "-o", "table").out
    assert vedette("gaps", "--open", "-o", "table").out == "no gap is open\n"
    assert vedette("replay", "-o", "table").out == "there are no dead letters\n"
    assert not STORE.exists()


def test_contradictions_are_refused(store: SqliteStore) -> None:
    for arguments, said in [
        (("gaps", "--open", "--filled"), "--filled: nothing is both"),
        (("gaps", "--since", "soon"), "--since: 'soon' is not a time"),
        (("gaps", "-o", "xml"), "unknown value 'xml'"),
        (("replay", "a", "--all"), "--all: given beside ids"),
        (("replay", "--dry-run"), "--dry-run: given without an id or --all"),
        (("replay", "nobody"), "no dead letter 'nobody'"),
        (("backfill",), "backfill needs a window"),
        (("backfill", "--from", "2026-01-01"), "backfill needs a window"),
    ]:
        answer = vedette(*arguments)
        assert answer.code == 3
        assert said in answer.err


def bury(store: SqliteStore, identity: str) -> Alert:
    nested: list[Any] = []
    for _ in range(300):
        nested = [nested]
    document = {
        "@timestamp": "2026-01-01T00:00:00.000Z",
        "event": {"ingested": "2026-01-01T00:00:00.000Z", "id": identity},
        "rule": {"name": "Deep", "uuid": "r1"},
        "vedette": {"alert": {"id": identity, "level": "high"}},
        "nested": nested,
    }
    alert = Alert(identity, T0, document)
    assert store.sink.write([alert]).dead == 1
    return alert


def replayed(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(vedette("replay", "-o", "json", *arguments).out)
    return found


def test_dead_letters_are_listed_and_written_anew_once(store: SqliteStore) -> None:
    bury(store, "a")
    bury(store, "b")
    listed = replayed()
    assert [(row["id"], row["state"], row["rule"]) for row in listed] == [
        ("a", "open", "Deep"), ("b", "open", "Deep"),
    ]  # fmt: skip
    assert "ecursion" in listed[0]["reason"]
    assert [row["outcome"] for row in replayed("--all", "--dry-run")] == ["would be written"] * 2
    assert list(store.alerts()) == []
    assert [row["state"] for row in replayed("a")] == ["filled"]
    (document,) = store.alerts()
    assert document["event"]["id"] == "a"
    assert document["@timestamp"] > "2026-01-02"
    assert document["event"]["ingested"] == document["@timestamp"]
    assert [row["id"] for row in replayed("--all")] == ["b"]
    assert replayed("--all") == []
    assert [row["outcome"] for row in replayed("b")] == ["was already there"]
    assert len(list(store.alerts())) == 2
    assert {row["state"] for row in rows() if row["kind"] == "dead-letter"} == {"filled"}


def test_a_letter_that_is_not_whole_is_abandoned_with_a_reason(store: SqliteStore) -> None:
    bury(store, "a")
    with store.sink._database.write() as connection:
        connection.execute("UPDATE dead_letters SET document = substr(document, 1, 40)")
    answer = vedette("replay", "--all", "-o", "json")
    assert answer.code == 1
    (row,) = json.loads(answer.out)
    assert row["state"] == "abandoned"
    assert "cut off" in row["outcome"]
    assert list(store.alerts()) == []


def test_a_folder_has_no_window_to_ask_for(store: SqliteStore, folder: Path) -> None:
    (folder / "inbox").mkdir()
    answer = vedette("backfill", "--from", "2026-01-01", "--to", "2026-01-02")
    assert answer.code == 3
    assert "no source can be asked for a window of time" in answer.err
    answer = vedette("backfill", "--fill-gaps", "--source", "inbox")
    assert "source 'inbox' is a folder" in answer.err
    answer = vedette("backfill", "--fill-gaps", "--source", "inbx")
    assert "did you mean 'inbox'?" in answer.err
