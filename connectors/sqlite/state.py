"""Checkpoints and occurrence numbers in SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from sqlite3 import Connection

import orjson

from connectors.sqlite.database import BUSY_TIMEOUT, Database
from engine.errors import LeaseError, StateError
from engine.ports import Checkpoint

CHECKPOINT = """INSERT INTO checkpoints VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET checkpoint = excluded.checkpoint"""
# Totals only grow; the larger one is right whatever order two writers come in.
OCCURRENCE = """INSERT INTO occurrences VALUES (?, ?, ?)
    ON CONFLICT (name, hash) DO UPDATE SET count = max(count, excluded.count)"""
SEEN = """SELECT hash, count FROM occurrences
    WHERE name = ? AND hash IN (SELECT value FROM json_each(?))"""
FENCE = """INSERT INTO fences VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET token = excluded.token"""


class SqliteState:
    """The `FencedState` of the embedded store. Raises `StateError`.

    The token is compared in the transaction that writes, so nothing comes between.
    """

    def __init__(self, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._database = Database(path, StateError, busy_timeout)
        self._tokens: dict[str, int] = {}

    def load(self, name: str) -> Checkpoint | None:
        """The checkpoint last committed for a source, or None."""
        if not self._database.exists:
            return None
        with self._database.read() as connection:
            self._check(connection, name)
            row = connection.execute(
                "SELECT checkpoint FROM checkpoints WHERE name = ?", (name,)
            ).fetchone()
        return None if row is None else self._checkpoint(name, row[0])

    def _checkpoint(self, name: str, text: object) -> Checkpoint:
        try:
            found = orjson.loads(text)  # type: ignore[arg-type]
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise StateError(
                f"the checkpoint of {name!r} is not a JSON object", file=str(self._database.path)
            )
        return found

    def occurrences(self, name: str, hashes: Iterable[str]) -> dict[str, int]:
        """How often each hash was committed for a source; those never seen are left out."""
        wanted = list(hashes)
        if not wanted or not self._database.exists:
            return {}
        with self._database.read() as connection:
            return dict(connection.execute(SEEN, (name, orjson.dumps(wanted).decode())))

    def commit(
        self, name: str, checkpoint: Checkpoint | None, occurrences: Mapping[str, int]
    ) -> None:
        """Store both in one durable transaction; None leaves the checkpoint as it is."""
        try:
            text = None if checkpoint is None else orjson.dumps(dict(checkpoint)).decode()
        except TypeError as error:
            raise StateError(
                f"the checkpoint of {name!r} cannot be written as JSON: {error}"
            ) from error
        rows = [(name, digest, count) for digest, count in occurrences.items()]
        with self._database.write() as connection:
            self._check(connection, name)
            if text is not None:
                connection.execute(CHECKPOINT, (name, text))
            connection.executemany(OCCURRENCE, rows)

    def claim(self, names: Iterable[str], token: int) -> None:
        """Own these sources under a token from now on. Raises `LeaseError`, `StateError`."""
        claimed = dict.fromkeys(names, token)
        self._tokens.update(claimed)
        with self._database.write() as connection:
            for name in claimed:
                self._check(connection, name)
            connection.executemany(FENCE, claimed.items())

    def _check(self, connection: Connection, name: str) -> None:
        own = self._tokens.get(name)
        if own is None:
            return
        row = connection.execute("SELECT token FROM fences WHERE name = ?", (name,)).fetchone()
        if row is not None and row[0] > own:
            raise LeaseError(
                f"the state of source {name!r} is owned by another instance now", found=row[0]
            )

    def close(self) -> None:
        """Close the file."""
        self._database.close()
