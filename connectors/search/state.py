"""Checkpoints in the cluster, one document for each source, never overwritten blindly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from connectors.search.defaults import now
from connectors.search.names import STATE, checked_namespace
from connectors.search.port import RequestError, SearchClient
from connectors.search.retry import Retry, told_as
from connectors.search.template import state_index
from engine.errors import LeaseError, StateError
from engine.ports import Checkpoint

CLAIMS = 20
"""Tries to claim a document that somebody else keeps writing to."""


@dataclass(slots=True)
class Stored:
    """What is known of a source's document; `seq_no` is None while there is no document.

    `writer` is different for each write; `token` is the greatest that ever claimed it.
    """

    checkpoint: Checkpoint | None = None
    occurrences: dict[str, int] = field(default_factory=dict)
    seq_no: int | None = None
    primary_term: int | None = None
    writer: str = ""
    commit: int = 0
    token: int = 0


class ClusterState:
    """A `FencedState` in the index `vedette-state-<namespace>`.

    Each commit names the version that it replaces (`if_seq_no`), so of two that follow one
    source, one is refused with a `StateError` and must load again. A claim replaces the document
    by itself under a greater token: whatever its owner before sends, now or when it wakes, names
    a version that is gone, and when it loads again it finds the token.
    """

    def __init__(
        self,
        client: SearchClient,
        namespace: str = "default",
        *,
        clock: Callable[[], datetime] = now,
        retry: Retry | None = None,
    ) -> None:
        self.client, self.clock, self.retry = client, clock, retry or client.retry
        self.index = STATE + checked_namespace(namespace)
        self.writer = uuid4().hex
        self._writes = 0
        self._tokens: dict[str, int] = {}
        self._known: dict[str, Stored] = {}
        self._created = False

    def load(self, name: str) -> Checkpoint | None:
        """The checkpoint last committed for a source, or None. Raises `StateError`."""
        with told_as(StateError, f"cannot read the state of source {name!r}"):
            found = self._read(name)
        self._check(name, found)
        self._known[name] = found
        return found.checkpoint

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
        new = replace(
            self._next(old),
            checkpoint=old.checkpoint if checkpoint is None else checkpoint,
            occurrences={**old.occurrences, **occurrences},
        )
        with told_as(StateError, f"cannot store the state of source {name!r}"):
            self._ensure()
            stored = self._replace(name, old, new)
        if stored is None:
            del self._known[name]
            raise StateError(
                f"the state of source {name!r} in {self.index!r} was changed by another instance; "
                "only one may follow a source"
            )
        self._known[name] = stored

    def claim(self, names: Iterable[str], token: int) -> None:
        """Own these sources under a token from now on. Raises `LeaseError`, `StateError`."""
        for name in names:
            self._tokens[name] = token
            self._known.pop(name, None)
            with told_as(StateError, f"cannot claim the state of source {name!r}"):
                self._ensure()
                self._known[name] = self._claimed(name, token)

    def _claimed(self, name: str, token: int) -> Stored:
        for _ in range(CLAIMS):
            old = self._read(name)
            self._check(name, old)
            # also under the same token: a write that is still on its way must not come after this
            stored = self._replace(name, old, replace(self._next(old), token=token))
            if stored:
                return stored
        raise StateError(f"the state of source {name!r} in {self.index!r} never rests")

    def _next(self, old: Stored) -> Stored:
        """The document's next version, so far without a change."""
        self._writes += 1
        return replace(old, writer=f"{self.writer}-{self._writes}", commit=old.commit + 1)

    def _replace(self, name: str, old: Stored, new: Stored) -> Stored | None:
        """Write a version in the place of the one known; None where another came first.

        Raises `RequestError`, and `LeaseError` where that one has a greater token.
        """
        try:
            answer = self.retry.call(lambda: self._write(name, old, new))
        except RequestError as error:
            if error.status != 409:
                raise
        else:
            return replace(new, seq_no=answer["_seq_no"], primary_term=answer["_primary_term"])
        found = self._read(name)
        if found.writer == new.writer:
            return found  # our own write, whose answer was lost
        self._check(name, found)
        return None

    def _check(self, name: str, found: Stored) -> None:
        """Refuse to go on where somebody else owns the source now. Raises `LeaseError`."""
        own = self._tokens.get(name)
        if own is not None and found.token > own:
            self._known.pop(name, None)
            raise LeaseError(
                f"the state of source {name!r} in {self.index!r} is owned by another instance now",
                found=found.token,
            )

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
            int(source.get("token", 0)),
        )

    def _write(self, name: str, old: Stored, new: Stored) -> Mapping[str, Any]:
        document = {
            "@timestamp": self.clock().astimezone(UTC).isoformat(),
            "source": name,
            "writer": new.writer,
            "commit": new.commit,
            "token": new.token,
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

    def _ensure(self) -> None:
        if not self._created:
            self.retry.call(lambda: self.client.create_index(self.index, state_index()))
            self._created = True

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""


def key_of(name: str) -> str:
    """A source's document id; names may be long or hold any character."""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
