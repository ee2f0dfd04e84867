"""The tables, and the check that a file is a database of ours that this version can read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from engine.errors import StateError

VERSION = 3

TABLES = (
    "CREATE TABLE vedette_schema (version INTEGER NOT NULL)",
    """CREATE TABLE alerts (
        id TEXT PRIMARY KEY NOT NULL,
        anchor_time TEXT,
        written TEXT NOT NULL,
        level TEXT,
        rule_id TEXT,
        rule_name TEXT,
        document TEXT NOT NULL
    )""",
    "CREATE INDEX alerts_written ON alerts (written)",
    """CREATE TABLE dead_letters (
        id TEXT PRIMARY KEY NOT NULL,
        written TEXT NOT NULL,
        rule_id TEXT,
        reason TEXT NOT NULL
    )""",
    "CREATE TABLE checkpoints (name TEXT PRIMARY KEY NOT NULL, checkpoint TEXT NOT NULL)",
    """CREATE TABLE occurrences (
        name TEXT NOT NULL,
        hash TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (name, hash)
    ) WITHOUT ROWID""",
)
"""The first version's. Times are UTC as ISO 8601 text of one width, so that text order is time
order."""

ADDED: dict[int, tuple[str, ...]] = {
    2: (
        """CREATE TABLE ledger (
            id TEXT PRIMARY KEY NOT NULL,
            written TEXT NOT NULL,
            kind TEXT NOT NULL,
            state TEXT NOT NULL,
            source TEXT NOT NULL,
            start_time TEXT,
            end_time TEXT,
            count INTEGER,
            reason TEXT NOT NULL,
            subject TEXT NOT NULL,
            gap TEXT NOT NULL,
            step INTEGER NOT NULL
        )""",
        "CREATE INDEX ledger_source ON ledger (source, state)",
        "ALTER TABLE dead_letters ADD COLUMN document TEXT",
        "ALTER TABLE dead_letters ADD COLUMN anchor_time TEXT",
    ),
    3: (
        "CREATE TABLE fences (name TEXT PRIMARY KEY NOT NULL, token INTEGER NOT NULL)",
        "CREATE TABLE leases (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL,"
        " board TEXT NOT NULL)",
    ),
}
"""What each later version added; a file of an earlier one is brought up to date when opened."""


def check(connection: sqlite3.Connection, path: Path) -> int:
    """The schema's version, 0 for an empty database. Raises `StateError` where it is not ours."""
    try:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.OperationalError:  # locked, or the disk: may pass
        raise
    except sqlite3.DatabaseError as error:
        raise StateError(
            "not a SQLite database", file=str(path), expected="a file that Vedette wrote, or none"
        ) from error
    if not tables:
        return 0
    if "vedette_schema" not in tables:
        raise StateError(
            "a database of another program",
            file=str(path),
            expected="a file that Vedette wrote, or none",
        )
    row = connection.execute("SELECT max(version) FROM vedette_schema").fetchone()
    version = row[0] if isinstance(row[0], int) else 0
    if version > VERSION:
        raise StateError(
            f"written by a newer Vedette (schema {version})",
            file=str(path),
            expected=f"schema {VERSION}; use that version, or another file",
        )
    return version


def create(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables that are missing, unless another process just did."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = check(connection, path)
        if version == 0:
            for statement in TABLES:
                connection.execute(statement)
            connection.execute("INSERT INTO vedette_schema VALUES (1)")
        for number in range(max(version, 1) + 1, VERSION + 1):
            for statement in ADDED[number]:
                connection.execute(statement)
        connection.execute("UPDATE vedette_schema SET version = ?", (VERSION,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
