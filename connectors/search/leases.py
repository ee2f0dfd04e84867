"""Who works on what, in a cluster: one document that is never overwritten blindly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.search.defaults import now
from connectors.search.names import LEASES, checked_namespace
from connectors.search.port import RequestError, SearchClient
from connectors.search.retry import Retry, told_as
from connectors.search.template import leases_index
from engine.errors import StateError
from engine.lease import Board
from engine.ports import Seen

ID = "board"


class ClusterLeases:
    """`Leases` in the index `vedette-leases-<namespace>`.

    A replacement names the version it replaces (`if_seq_no`); a read by id sees the last write,
    whatever was refreshed. Nothing is tried twice here: a sign of life that is late is worth
    nothing, and the next one begins with a read anyway. `client` should not wait long for an
    answer; `founder`, which creates the index, may.
    """

    def __init__(
        self,
        client: SearchClient,
        namespace: str = "default",
        *,
        clock: Callable[[], datetime] = now,
        founder: SearchClient | None = None,
        retry: Retry | None = None,
    ) -> None:
        self.client, self.clock = client, clock
        self.founder, self.retry = founder or client, retry or client.retry
        self.index = LEASES + checked_namespace(namespace)

    def prepare(self) -> None:
        """Create the index unless it is there, and wait until it can be read.

        Raises `StateError`.
        """
        with told_as(StateError, f"cannot create {self.index!r}"):
            self.retry.call(lambda: self.founder.create_index(self.index, leases_index()))
            self.retry.call(lambda: self.founder.get(self.index, ID))

    def read(self) -> Seen:
        """The board as it is now. Raises `StateError`."""
        with told_as(StateError, f"cannot read the leases in {self.index!r}"):
            return self._seen(self.client.get(self.index, ID))

    def all(self) -> Board:
        """Every lease and every instance; waits for a cluster that is busy. Raises `StateError`."""
        with told_as(StateError, f"cannot read the leases in {self.index!r}"):
            return self._seen(self.retry.call(lambda: self.founder.get(self.index, ID))).board

    @staticmethod
    def _seen(found: Mapping[str, Any] | None) -> Seen:
        if found is None:
            return Seen(Board(), None)
        board = Board.of(found["_source"].get("board") or {})
        return Seen(board, (found["_seq_no"], found["_primary_term"]))

    def replace(self, board: Board, seen: Seen) -> bool:
        """Write a board in the place of the one seen. Raises `StateError`."""
        if seen.version is None:
            self.prepare()  # left to the server it might get another template's shape
        with told_as(StateError, f"cannot write the leases in {self.index!r}"):
            try:
                self._write(board, *(seen.version or (None, None)))
            except RequestError as error:
                if error.status != 409:
                    raise
                return False
        return True

    def _write(self, board: Board, seq_no: int | None, primary_term: int | None) -> None:
        document: Mapping[str, Any] = {
            "@timestamp": self.clock().astimezone(UTC).isoformat(),
            "board": board.document(),
        }
        self.client.index(
            self.index,
            ID,
            document,
            create=seq_no is None,
            if_seq_no=seq_no,
            if_primary_term=primary_term,
        )

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""
