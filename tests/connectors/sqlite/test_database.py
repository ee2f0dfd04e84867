"""The file: its rights, its durability, and what is not ours."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connectors.sqlite import SqliteSink, SqliteStore, schema
from connectors.sqlite.database import Database
from connectors.sqlite.schema import VERSION
from engine.errors import SinkError, StateError
from engine.ledger import Note
from engine.ports import Alert

MakeAlert = Callable[..., Alert]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_may_read_it_and_its_side_files(store: SqliteStore, path: Path) -> None:
    store.sink.write([Alert("a", None, {})])
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == [path.name + end for end in ("", "-shm", "-wal")]
    assert {mode(file) for file in files} == {0o600}
    assert mode(path.parent) == 0o700


def test_loose_rights_are_tightened(store: SqliteStore, path: Path) -> None:
    store.sink.prepare()
    store.close()
    path.chmod(0o644)
    store.sink.prepare()
    assert mode(path) == 0o600


def test_commits_are_durable_and_readers_are_not_blocked(path: Path) -> None:
    database = Database(path, StateError)
    with database.read() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    database.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(
    store: SqliteStore, path: Path
) -> None:
    path.parent.mkdir()
    path.write_text("root:x:0:0\n" * 100)
    path.chmod(0o644)
    for use in (store.sink.prepare, lambda: store.state.load("a"), lambda: list(store.alerts())):
        with pytest.raises(StateError) as caught:
            use()
        assert str(caught.value) == (
            f"{path}: not a SQLite database; expected a file that Vedette wrote, or none"
        )
    assert path.read_text() == "root:x:0:0\n" * 100
    assert mode(path) == 0o644


def test_another_programs_database_is_refused_and_left_alone(
    store: SqliteStore, path: Path
) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StateError, match="a database of another program; expected"):
        store.sink.prepare()
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused(store: SqliteStore, path: Path) -> None:
    store.sink.prepare()
    store.close()
    other = sqlite3.connect(path)
    with other:
        other.execute(f"UPDATE vedette_schema SET version = {VERSION + 1}")
    other.close()
    with pytest.raises(StateError) as caught:
        store.sink.write([Alert("a", None, {})])
    assert str(caught.value) == (
        f"{path}: written by a newer Vedette (schema {VERSION + 1}); "
        f"expected schema {VERSION}; use that version, or another file"
    )


def test_a_folder_in_its_place_is_told(store: SqliteStore, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StateError, match="not a regular file"):
        store.sink.prepare()


def test_a_file_where_its_folder_should_be_is_told(store: SqliteStore, path: Path) -> None:
    path.parent.touch()
    with pytest.raises(SinkError, match="cannot be used: "):
        store.sink.prepare()


def test_sqlites_special_names_are_plain_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sink = SqliteSink(Path(":memory:"))
    sink.prepare()
    sink.close()
    assert (tmp_path / ":memory:").exists()


def test_a_damaged_page_is_an_error_and_not_a_traceback(store: SqliteStore, path: Path) -> None:
    store.sink.write([Alert(f"{n}", None, {"x": "y" * 5000}) for n in range(50)])
    store.close()
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)
    with pytest.raises(StateError):
        list(store.alerts())
    with pytest.raises((SinkError, StateError)):
        store.sink.write([Alert("a", None, {})])


def test_threads_share_a_sink(store: SqliteStore, alert: MakeAlert) -> None:
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda n: store.sink.write([alert(f"{n % 20}")]), range(80)))
    assert sum(each.created for each in written) == 20
    assert len(list(store.alerts())) == 20


def test_it_can_be_used_again_after_close(store: SqliteStore, alert: MakeAlert) -> None:
    store.sink.write([alert("a")])
    store.close()
    store.close()
    assert store.sink.write([alert("a")]).existing == 1


def test_a_file_of_an_earlier_version_is_brought_up_to_date_with_what_is_in_it(path: Path) -> None:
    path.parent.mkdir()
    old = sqlite3.connect(path)
    with old:
        for statement in schema.TABLES:
            old.execute(statement)
        old.execute("INSERT INTO vedette_schema VALUES (1)")
        old.execute("INSERT INTO checkpoints VALUES ('logs', '{\"mark\": 7}')")
    old.close()
    store = SqliteStore(path)
    assert store.ledger.record([Note("late", "logs")]) == 1
    store.state.claim(["logs"], 3)
    assert store.state.load("logs") == {"mark": 7}
    assert store.leases.read().version is None
    store.close()
    now = sqlite3.connect(path)
    assert now.execute("SELECT version FROM vedette_schema").fetchall() == [(VERSION,)]
    now.close()
