"""Who works on what, among the processes that share one SQLite file."""

from __future__ import annotations

from pathlib import Path

import orjson

from connectors.sqlite.database import BUSY_TIMEOUT, Database
from engine.errors import StateError
from engine.lease import Board
from engine.ports import Seen

CREATE = "INSERT INTO leases VALUES (1, 1, ?) ON CONFLICT (id) DO NOTHING"
REPLACE = "UPDATE leases SET version = version + 1, board = ? WHERE version = ?"


class SqliteLeases:
    """`Leases` in one row, whose version a replacement must name; all in one transaction."""

    def __init__(self, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._database = Database(path, StateError, busy_timeout)

    def prepare(self) -> None:
        """Create the file and its tables unless they are there."""
        with self._database.read():
            pass

    def read(self) -> Seen:
        """The board as it is now; creates no file. Raises `StateError`."""
        if not self._database.exists:
            return Seen(Board(), None)
        with self._database.read() as connection:
            row = connection.execute("SELECT version, board FROM leases").fetchone()
        if row is None:
            return Seen(Board(), None)
        try:
            document = orjson.loads(row[1])
        except (ValueError, TypeError) as error:
            raise StateError("the leases are not JSON", file=str(self._database.path)) from error
        return Seen(Board.of(document), row[0])

    def replace(self, board: Board, seen: Seen) -> bool:
        """Write a board in the place of the one seen. Raises `StateError`."""
        text = orjson.dumps(board.document()).decode()
        with self._database.write() as connection:
            if seen.version is None:
                return connection.execute(CREATE, (text,)).rowcount == 1
            return connection.execute(REPLACE, (text, seen.version)).rowcount == 1

    def all(self) -> Board:
        """Every lease and every instance. Raises `StateError`."""
        return self.read().board

    def close(self) -> None:
        """Close the file."""
        self._database.close()
