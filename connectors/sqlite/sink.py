"""Alerts in SQLite: each id is stored at most once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import orjson

from connectors.sqlite.database import BUSY_TIMEOUT, Database
from connectors.sqlite.moments import text_of
from engine.errors import SinkError
from engine.json_text import DEEPER, MAX_LEVELS, json_text
from engine.ports import Alert, Written

# Not INSERT OR IGNORE, which would also swallow a violated NOT NULL.
INSERT = "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
BURY = """INSERT INTO dead_letters (id, written, rule_id, reason, document, anchor_time)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"""


def _now() -> datetime:
    return datetime.now(UTC)


class SqliteSink:
    """The `Sink` of the embedded store. Raises `SinkError`; then nothing of a write is stored.

    An alert that cannot be written as JSON goes to the table `dead_letters` with the reason, and
    with as much of it as JSON can hold.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime] = _now,
        busy_timeout: float = BUSY_TIMEOUT,
    ) -> None:
        self._database = Database(path, SinkError, busy_timeout)
        self._clock = clock

    def prepare(self) -> None:
        """Create the file and its tables unless they are there."""
        with self._database.read():
            pass

    def write(self, alerts: Sequence[Alert]) -> Written:
        """Store the alerts in one durable transaction."""
        written = Written()
        if not alerts:
            return written
        now = text_of(self._clock())
        with self._database.write() as connection:
            for alert in alerts:
                _store(connection, alert, now, written)
        return written

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _store(connection: sqlite3.Connection, alert: Alert, now: str, written: Written) -> None:
    rule = _section(alert.document, "rule")
    try:
        document = _json(alert.document)
    except (TypeError, ValueError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        anchor = text_of(alert.anchor_time) if alert.anchor_time else None
        kept = _text(_readable(alert.document))
        row = (alert.id, now, _text(rule.get("uuid")), _text(reason), kept, anchor)
        connection.execute(BURY, row)
        written.dead += 1
        written.dead_ids.append(alert.id)
        return
    cursor = connection.execute(
        INSERT,
        (
            alert.id,
            text_of(alert.anchor_time) if alert.anchor_time else None,
            now,
            _text(_section(_section(alert.document, "vedette"), "alert").get("level")),
            _text(rule.get("uuid")),
            _text(rule.get("name")),
            document,
        ),
    )
    if cursor.rowcount:
        written.created += 1
        written.created_ids.append(alert.id)
    else:
        written.existing += 1


def _json(document: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(document).decode()
    except TypeError as error:
        if "ecursion" in str(error):  # deeper than any reader should have to follow
            raise
        # Events may hold what orjson refuses: whole numbers over 64 bits, lone surrogates.
        return json.dumps(document, allow_nan=False)


def _readable(document: Mapping[str, Any]) -> str:
    """An alert that is no JSON as JSON text: too deep levels left out, other values as words."""
    return json_text(_sound(document, MAX_LEVELS))


def _sound(value: Any, levels: int) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _sound(v, levels - 1) for k, v in value.items()} if levels else DEEPER
    if isinstance(value, list | tuple):
        return [_sound(item, levels - 1) for item in value] if levels else DEEPER
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | None) else str(value)


def _section(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(value: object) -> str | None:
    """A column's text; a lone surrogate, which SQLite cannot hold, becomes `?`."""
    return None if value is None else str(value).encode(errors="replace").decode()
