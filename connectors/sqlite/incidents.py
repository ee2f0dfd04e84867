"""Incidents in SQLite: rows that are replaced only by who has read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from connectors.sqlite.database import BUSY_TIMEOUT, Database
from connectors.sqlite.moments import text_of
from engine.errors import SinkError
from engine.moment import parse_time
from engine.ports import Document, Kept

TABLES = (
    """CREATE TABLE IF NOT EXISTS incidents (
        id TEXT PRIMARY KEY NOT NULL,
        version INTEGER NOT NULL,
        start_time TEXT NOT NULL,
        end_time TEXT NOT NULL,
        document TEXT NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS incidents_end ON incidents (end_time)",
    """CREATE TABLE IF NOT EXISTS incident_keys (
        key TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (key, id)
    ) WITHOUT ROWID""",
)
THERE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'incidents'"
INSERT = "INSERT INTO incidents VALUES (?, 1, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
REPLACE = """UPDATE incidents SET version = version + 1, start_time = ?, end_time = ?, document = ?
WHERE id = ? AND version = ?"""
KEY = "INSERT INTO incident_keys VALUES (?, ?) ON CONFLICT DO NOTHING"
FIND = """SELECT DISTINCT i.id, i.document, i.version FROM incident_keys AS k
JOIN incidents AS i ON i.id = k.id
WHERE k.key IN ({}) AND i.start_time <= ? AND i.end_time >= ?"""
GET = "SELECT document, version FROM incidents WHERE id = ?"
ALL = "SELECT document FROM incidents WHERE :since IS NULL OR end_time >= :since"

AT_ONCE = 500
"""Keys of one question."""


class SqliteIncidents:
    """`Incidents` in the tables `incidents` and `incident_keys`, made with the first one."""

    def __init__(self, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._database = Database(path, SinkError, busy_timeout)

    def prepare(self) -> None:
        """Create the tables unless they are there."""
        with self._database.write() as connection:
            for statement in TABLES:
                connection.execute(statement)

    def find(self, keys: Iterable[str], start: datetime, end: datetime) -> list[Kept]:
        """Those about any of some entities that overlap a time. Raises `SinkError`."""
        wanted, found = sorted(set(keys)), dict[str, Kept]()
        if not self._database.exists:
            return []
        with self._database.read() as connection:
            if not _there(connection):
                return []
            for at in range(0, len(wanted), AT_ONCE):
                some = wanted[at : at + AT_ONCE]
                query = FIND.format(", ".join("?" * len(some)))
                for identity, text, version in connection.execute(
                    query, (*some, text_of(end), text_of(start))
                ):
                    found[identity] = Kept(json.loads(text), version)
        return [found[identity] for identity in sorted(found)]

    def get(self, id: str) -> Kept | None:
        """One by its id. Raises `SinkError`."""
        if not self._database.exists:
            return None
        with self._database.read() as connection:
            row = connection.execute(GET, (id,)).fetchone() if _there(connection) else None
        return Kept(json.loads(row[0]), row[1]) if row else None

    def put(self, changes: Sequence[Kept]) -> list[str]:
        """Store records up to the first that another one came before. Raises `SinkError`."""
        refused = (each for each in changes if not self._put(each.document, each.version))
        return [str(each.document["id"]) for each in islice(refused, 1)]

    def _put(self, document: Document, version: Any) -> bool:
        identity, text = str(document["id"]), json.dumps(document, allow_nan=False)
        times = (_text(document["start"]), _text(document["end"]))
        with self._database.write() as connection:
            if not _there(connection):
                for statement in TABLES:
                    connection.execute(statement)
            if version is None:
                done = connection.execute(INSERT, (identity, *times, text))
            else:
                done = connection.execute(REPLACE, (*times, text, identity, version))
            if done.rowcount == 1:
                connection.executemany(KEY, [(key, identity) for key in document["keys"]])
            return done.rowcount == 1

    def all(self, since: datetime | None = None) -> Iterator[Document]:
        """Those that ended at or after a time. Raises `SinkError`."""
        if not self._database.exists:
            return
        with self._database.read() as connection:
            if not _there(connection):
                return
            bound = {"since": text_of(since) if since else None}
            for (text,) in connection.execute(ALL, bound):
                yield json.loads(text)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _there(connection: Connection) -> bool:
    return connection.execute(THERE).fetchone() is not None


def _text(value: Any) -> str:
    time = parse_time(value)
    assert time is not None  # the engine wrote it
    return text_of(time)
