"""One SQLite file: opened when it is first needed, readable by its owner alone.

WAL lets readers go on beside a writer; `synchronous=FULL` makes a commit outlast a power cut.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from connectors.sqlite import schema
from engine.errors import StateError, VedetteError

OWNER_ONLY = 0o600
BUSY_TIMEOUT = 30.0
"""Seconds to wait while another process writes."""


class Database:
    """A connection to the file, for one thread at a time.

    Raises `StateError` where the file can never be used as it is (not a database, another
    program's, a newer schema), else `failure` (a lock, the disk), which may pass.
    """

    def __init__(
        self, path: Path, failure: type[VedetteError], busy_timeout: float = BUSY_TIMEOUT
    ) -> None:
        self.path = path.absolute()  # also keeps SQLite's special names (":memory:") files
        self.failure, self.busy_timeout = failure, busy_timeout
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None

    @property
    def exists(self) -> bool:
        """Whether there is anything to read; reading where nothing is creates nothing."""
        return self._connection is not None or self.path.exists()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection, outside a transaction."""
        with self._lock, self._told():
            yield self._open()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction that is durable when the block ends, or never was."""
        with self._lock, self._told():
            connection = self._open()
            # IMMEDIATE: two writers queue here, instead of failing when both want to upgrade.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connection; a later use opens it again."""
        with self._lock, self._told():
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise self.failure(f"cannot be used: {reason}", file=str(self.path)) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            _make_file(self.path)
            connection = sqlite3.connect(
                self.path,
                timeout=self.busy_timeout,
                isolation_level=None,
                check_same_thread=False,  # the lock lets one thread in at a time
            )
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        version = schema.check(connection, self.path)
        # Only now: the file of someone else is left as it was.
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            self.path.chmod(OWNER_ONLY)
        self._use_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        if version < schema.VERSION:
            schema.create(connection, self.path)

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        """Switch to WAL; SQLite does not wait by itself when two processes do this at once."""
        deadline = time.monotonic() + self.busy_timeout
        while True:
            try:
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
                continue
            if mode != "wal":
                raise StateError(
                    "this file system cannot hold the database (no WAL)",
                    file=str(self.path),
                    expected="a local disk",
                )
            return


def _make_file(path: Path) -> None:
    """Create an empty file for the owner alone; SQLite gives its side files the same mode.

    A file that is there is not opened: closing it would drop this process's locks on it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))
    except FileExistsError:
        if not path.is_file():
            raise StateError("not a regular file", file=str(path)) from None
