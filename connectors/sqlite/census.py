"""How much a file of ours holds, read beside a run that writes to it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from connectors.sqlite.database import BUSY_TIMEOUT, Database
from engine.errors import StateError
from engine.moment import parse_time

COUNTS = """SELECT (SELECT count(*) FROM alerts), (SELECT max(written) FROM alerts),
    (SELECT count(*) FROM dead_letters)"""
LATEST = "SELECT reason FROM dead_letters ORDER BY written DESC, rowid DESC LIMIT ?"


def census(path: Path, latest: int) -> tuple[int, datetime | None, int, list[str]]:
    """Alerts, when the last was written, dead letters, and the latest reasons of these.

    All is nothing where there is no file. Raises `StateError`.
    """
    database = Database(path, StateError, BUSY_TIMEOUT)
    if not database.exists:
        return 0, None, 0, []
    try:
        with database.read() as connection:
            alerts, written, dead = connection.execute(COUNTS).fetchone()
            reasons = [str(row[0]) for row in connection.execute(LATEST, (latest,))]
        return alerts, parse_time(written), dead, reasons
    finally:
        database.close()
