"""Checkpoints in the cluster, one document for each source, never overwritten blindly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from connectors.search.defaults import now
from connectors.search.names import STATE, checked_namespace
from connectors.search.port import RequestError, SearchClient
from connectors.search.retry import Retry, told_as
from connectors.search.template import state_index
from engine.errors import StateError
from engine.ports import Checkpoint


@dataclass(slots=True)
class Stored:
    """What is known of a source's document; `seq_no` is None while there is no document."""

    checkpoint: Checkpoint | None = None
    occurrences: dict[str, int] = field(default_factory=dict)
    seq_no: int | None = None
    primary_term: int | None = None
    writer: str = ""
    commit: int = 0


class ClusterState:
    """A `StateStore` in the index `vedette-state-<namespace>`.

    Each commit names the version that it replaces (`if_seq_no`), so of two instances that
    follow one source, one is refused with a `StateError` and must load again.
    """

    def __init__(
        self,
        client: SearchClient,
        namespace: str = "default",
        *,
        clock: Callable[[], datetime] = now,
        retry: Retry | None = None,
    ) -> None:
        self.client, self.clock, self.retry = client, clock, retry or Retry()
        self.index = STATE + checked_namespace(namespace)
        self.writer = uuid4().hex
        self._known: dict[str, Stored] = {}
        self._created = False

    def load(self, name: str) -> Checkpoint | None:
        """The checkpoint last committed for a source, or None. Raises `StateError`."""
        with told_as(StateError, f"cannot read the state of source {name!r}"):
            self._known[name] = self._read(name)
        return self._known[name].checkpoint

    def occurrences(self, name: str, hashes: Iterable[str]) -> dict[str, int]:
        """How often each content hash has been seen and committed for a source (0 left out)."""
        known = self._current(name).occurrences
        return {hash: known[hash] for hash in hashes if known.get(hash)}

    def commit(
        self, name: str, checkpoint: Checkpoint | None, occurrences: Mapping[str, int]
    ) -> None:
        """Store checkpoint and new occurrence totals in one write. Raises `StateError`.

        Without a checkpoint the one stored stays.
        """
        old = self._current(name)
        new = Stored(
            old.checkpoint if checkpoint is None else checkpoint,
            {**old.occurrences, **occurrences},
            writer=self.writer,
            commit=old.commit + 1,
        )
        with told_as(StateError, f"cannot store the state of source {name!r}"):
            self._ensure()
            try:
                answer = self.retry.call(lambda: self._write(name, old, new))
            except RequestError as error:
                if error.status != 409:
                    raise
                self._known[name] = self._settle(name, new)
                return
        new.seq_no, new.primary_term = answer["_seq_no"], answer["_primary_term"]
        self._known[name] = new

    def _current(self, name: str) -> Stored:
        if name not in self._known:
            self.load(name)
        return self._known[name]

    def _read(self, name: str) -> Stored:
        found = self.retry.call(lambda: self.client.get(self.index, key_of(name)))
        if found is None:
            return Stored()
        source = found["_source"]
        return Stored(
            source.get("checkpoint"),
            dict(source.get("occurrences") or {}),
            found["_seq_no"],
            found["_primary_term"],
            str(source.get("writer", "")),
            int(source.get("commit", 0)),
        )

    def _write(self, name: str, old: Stored, new: Stored) -> Mapping[str, Any]:
        document = {
            "@timestamp": self.clock().astimezone(UTC).isoformat(),
            "source": name,
            "writer": new.writer,
            "commit": new.commit,
            "checkpoint": new.checkpoint,
            "occurrences": new.occurrences,
        }
        return self.client.index(
            self.index,
            key_of(name),
            document,
            create=old.seq_no is None,
            if_seq_no=old.seq_no,
            if_primary_term=old.primary_term,
        )

    def _settle(self, name: str, new: Stored) -> Stored:
        """After a conflict: our own write whose answer was lost, or another instance's."""
        stored = self._read(name)
        if (stored.writer, stored.commit) == (new.writer, new.commit):
            return stored
        del self._known[name]
        raise StateError(
            f"the state of source {name!r} in {self.index!r} was changed by another instance; "
            "only one may follow a source"
        )

    def _ensure(self) -> None:
        if not self._created:
            self.retry.call(lambda: self.client.create_index(self.index, state_index()))
            self._created = True

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""


def key_of(name: str) -> str:
    """A source's document id; names may be long or hold any character."""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
