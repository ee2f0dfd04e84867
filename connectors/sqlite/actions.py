"""The actions stream in SQLite: rows that are added, and never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import orjson

from connectors.sqlite.database import BUSY_TIMEOUT, Database
from connectors.sqlite.moments import text_of
from engine.errors import SinkError
from engine.moment import parse_time
from engine.ports import Action, Document

TABLE = """CREATE TABLE IF NOT EXISTS actions (
    id TEXT PRIMARY KEY NOT NULL,
    written TEXT NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL
)"""
INDEX = "CREATE INDEX IF NOT EXISTS actions_written ON actions (written)"
INSERT = "INSERT INTO actions VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
SELECT = """SELECT document FROM actions
    WHERE (:since IS NULL OR written >= :since) AND (:kind IS NULL OR kind = :kind)"""
THERE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'actions'"


class SqliteActions:
    """The `Actions` of the embedded store, in the table `actions`. Raises `SinkError`.

    The table is made with the first action: files of before have none.
    """

    def __init__(self, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._database = Database(path, SinkError, busy_timeout)

    def record(self, actions: Sequence[Action]) -> None:
        """Add actions in one durable transaction; an id that is there adds nothing."""
        rows = [_row(action) for action in actions]
        if not rows:
            return
        with self._database.write() as connection:
            connection.execute(TABLE)
            connection.execute(INDEX)
            connection.executemany(INSERT, rows)

    def read(self, since: datetime | None = None, kind: str | None = None) -> Iterator[Document]:
        """The documents written since a time, of one kind or all."""
        if not self._database.exists:
            return
        with self._database.read() as connection:
            if connection.execute(THERE).fetchone() is None:
                return
            bound = {"since": text_of(since) if since else None, "kind": kind}
            for (document,) in connection.execute(SELECT, bound):
                yield json.loads(document)  # orjson refuses half a letter

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _row(action: Action) -> tuple[str, str, str, str]:
    document = action.document
    written = parse_time(document["@timestamp"])
    assert written is not None  # the engine wrote it
    try:
        text = orjson.dumps(document).decode()
    except TypeError:  # a lone surrogate in a value of an event
        text = json.dumps(document, allow_nan=False)
    return action.id, text_of(written), str(document["kind"]), text
