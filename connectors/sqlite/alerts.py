"""Alerts that are stored in SQLite, to be read again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.sqlite.database import BUSY_TIMEOUT, Database
from connectors.sqlite.moments import text_of
from engine.errors import SinkError
from engine.ports import Document

FIND = """SELECT document FROM alerts WHERE id >= :first AND id < :last
    ORDER BY id LIMIT :most"""
WRITTEN = """SELECT document FROM alerts
    WHERE (:since IS NULL OR written >= :since) AND (:until IS NULL OR written < :until)
    ORDER BY written, rowid"""


class SqliteAlerts:
    """The `Alerts` of the embedded store; nothing is made where there is no file."""

    def __init__(self, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._database = Database(path, SinkError, busy_timeout)

    def find(self, id: str, most: int = 2) -> list[Document]:
        """The alerts whose id begins so."""
        bounds = {"first": id, "last": id + chr(0x10FFFF), "most": most}
        return list(self._select(FIND, bounds))

    def written(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Document]:
        """Those written from one time to another."""
        bounds = {
            "since": text_of(since) if since else None,
            "until": text_of(until) if until else None,
        }
        return self._select(WRITTEN, bounds)

    def _select(self, statement: str, bounds: Mapping[str, Any]) -> Iterator[Document]:
        if not self._database.exists:
            return
        with self._database.read() as connection:
            for (document,) in connection.execute(statement, bounds):
                yield json.loads(document)  # orjson makes a float of a number over 64 bits

    def close(self) -> None:
        """Close the file."""
        self._database.close()
