"""Dead letters of the embedded store, read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connectors.sqlite.database import BUSY_TIMEOUT, Database
from engine.errors import StateError
from engine.letter import Letter, letter_of
from engine.moment import parse_time

SELECT = """SELECT id, written, reason, document, anchor_time FROM dead_letters
    ORDER BY written, rowid"""


class SqliteLetters:
    """The table `dead_letters`, from the first letter to the last."""

    def __init__(self, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._database = Database(path, StateError, busy_timeout)

    def letters(self) -> Iterator[Letter]:
        """Every letter, first written first. Raises `StateError`."""
        if not self._database.exists:
            return
        with self._database.read() as connection:
            rows = connection.execute(SELECT).fetchall()
        for identity, written, reason, document, anchor in rows:
            yield letter_of(identity, parse_time(written), reason, document, parse_time(anchor))

    def close(self) -> None:
        """Close the file."""
        self._database.close()
