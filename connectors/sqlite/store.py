"""Alerts and state in one SQLite file: the embedded store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.sqlite.database import BUSY_TIMEOUT, Database
from connectors.sqlite.leases import SqliteLeases
from connectors.sqlite.ledger import SqliteLedger
from connectors.sqlite.moments import text_of
from connectors.sqlite.sink import SqliteSink
from connectors.sqlite.state import SqliteState
from engine.errors import InputError, StateError, nearest_name
from engine.level import LEVELS

# Unused bounds are NULL, so that one statement serves all; -1 is "no limit" to SQLite.
SELECT = """SELECT document FROM alerts
    WHERE (:since IS NULL OR written >= :since)
      AND (:levels IS NULL OR level IN (SELECT value FROM json_each(:levels)))
    ORDER BY written DESC, rowid DESC LIMIT :limit"""


class SqliteStore:
    """The file's `sink`, `state`, `leases` and `ledger`, each with a connection; reads alerts.

    Nothing is created before the first write or `sink.prepare()`.
    """

    def __init__(self, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.path = path
        self.busy_timeout = busy_timeout
        self.sink = SqliteSink(path, busy_timeout=busy_timeout)
        self.state = SqliteState(path, busy_timeout=busy_timeout)
        self.ledger = SqliteLedger(path, busy_timeout=busy_timeout)
        self.leases = SqliteLeases(path, busy_timeout=busy_timeout)

    def alerts(
        self,
        *,
        since: datetime | None = None,
        min_level: str | None = None,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield alert documents, last written first.

        `since` is a time of writing. With `min_level`, an alert without a level is left out.
        Raises `StateError`; `InputError` for a level that is none of Sigma's.
        """
        levels = _levels_from(min_level) if min_level else None
        bounds = {
            "since": text_of(since) if since else None,
            "levels": json.dumps(levels) if levels else None,
            "limit": -1 if limit is None else max(limit, 0),
        }
        return self._select(bounds)

    def _select(self, bounds: dict[str, Any]) -> Iterator[dict[str, Any]]:
        database = Database(self.path, StateError, self.busy_timeout)
        if not database.exists:
            return
        try:
            with database.read() as connection:
                for (document,) in connection.execute(SELECT, bounds):
                    # Not orjson, which makes a float of a whole number over 64 bits.
                    found: dict[str, Any] = json.loads(document)
                    yield found
        finally:
            database.close()

    def close(self) -> None:
        """Close all of them."""
        self.sink.close()
        self.state.close()
        self.ledger.close()
        self.leases.close()


def _levels_from(level: str) -> tuple[str, ...]:
    if level not in LEVELS:
        nearest = nearest_name(level, LEVELS)
        raise InputError(f"unknown level {level!r}", expected=", ".join(LEVELS), nearest=nearest)
    return LEVELS[LEVELS.index(level) :]
