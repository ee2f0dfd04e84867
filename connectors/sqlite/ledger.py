"""The ledger in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from connectors.sqlite.database import BUSY_TIMEOUT, Database
from connectors.sqlite.moments import text_of
from engine.errors import StateError
from engine.ledger import Note, State

INSERT = """INSERT INTO ledger (id, written, kind, state, source, start_time, end_time, count,
    reason, subject, gap, step) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING"""
SELECT = """SELECT kind, source, start_time, end_time, count, reason, subject, state, gap, step,
    written FROM ledger WHERE (:source IS NULL OR source = :source)
    AND (NOT :gaps OR state <> 'noted') ORDER BY written, rowid"""


def _now() -> datetime:
    return datetime.now(UTC)


class SqliteLedger:
    """The `Ledger` of the embedded store. Raises `StateError`."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime] = _now,
        busy_timeout: float = BUSY_TIMEOUT,
    ) -> None:
        self._database = Database(path, StateError, busy_timeout)
        self._clock = clock

    def record(self, notes: Sequence[Note]) -> int:
        """Store the notes in one durable transaction; tells how many were new."""
        if not notes:
            return 0
        now = text_of(self._clock())
        with self._database.write() as connection:
            return sum(connection.execute(INSERT, _row(note, now)).rowcount for note in notes)

    def notes(self, source: str | None = None, *, gaps: bool = False) -> Iterator[Note]:
        """All notes, first written first; of gaps alone, without what is only noted."""
        if not self._database.exists:
            return
        with self._database.read() as connection:
            rows = connection.execute(SELECT, {"source": source, "gaps": gaps}).fetchall()
        for row in rows:
            yield _note(row)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _row(note: Note, now: str) -> tuple[Any, ...]:
    start, end = (text_of(time) if time else None for time in (note.start, note.end))
    reason, subject = (
        text.encode(errors="replace").decode() for text in (note.reason, note.subject)
    )
    return (
        note.id, now, note.kind, note.state, note.source, start, end, note.count,
        reason, subject, note.gap, note.step,
    )  # fmt: skip


def _note(row: Sequence[Any]) -> Note:
    kind, source, start, end, count, reason, subject, state, gap, step, written = row
    first, last = (None if text is None else datetime.fromisoformat(text) for text in (start, end))
    return Note(
        kind, source, first, last, count, reason, subject, cast(State, state), gap, step,
        datetime.fromisoformat(written),
    )  # fmt: skip
