"""The ledger in the cluster: one document for each note, created and never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from connectors.search.defaults import now
from connectors.search.names import LEDGER, checked_namespace
from connectors.search.port import RequestError, SearchClient
from connectors.search.records import documents
from connectors.search.retry import Retry, told_as
from connectors.search.template import ledger_index
from engine.errors import StateError
from engine.ledger import Note, State

PAGE = 1000
SORT = [
    {"@timestamp": {"order": "asc", "unmapped_type": "date", "numeric_type": "date"}},
    {"note": {"order": "asc", "unmapped_type": "keyword"}},
]


class ClusterLedger:
    """A `Ledger` in the index `vedette-ledger-<namespace>`; a note's id is its document's.

    `op_type=create` makes a second write of a note a proof of the first (409).
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
        self.index = LEDGER + checked_namespace(namespace)
        self._created = False

    def record(self, notes: Sequence[Note]) -> int:
        """Store notes one by one: there are few. Tells how many were new. Raises `StateError`."""
        if not notes:
            return 0
        with told_as(StateError, f"cannot write to {self.index!r}"):
            if not self._created:
                self.retry.call(lambda: self.client.create_index(self.index, ledger_index()))
                self._created = True
            return sum([self._create(note) for note in notes])

    def _create(self, note: Note) -> bool:
        document = document_of(note, self.clock())
        try:
            self.retry.call(lambda: self.client.index(self.index, note.id, document, create=True))
        except RequestError as error:
            if error.status != 409:
                raise
            return False
        return True

    def notes(self, source: str | None = None, *, gaps: bool = False) -> Iterator[Note]:
        """All notes, first written first; of gaps alone, without what is only noted."""
        query: dict[str, Any] = {"bool": {"filter": [], "must_not": []}}
        if source is not None:
            query["bool"]["filter"].append({"term": {"source": source}})
        if gaps:
            query["bool"]["must_not"].append({"term": {"state": "noted"}})
        found = documents(self.client, self.index, query, SORT, PAGE, self.retry)
        return map(note_of, found)

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""


def document_of(note: Note, now: datetime) -> dict[str, Any]:
    """A note as it is stored."""
    return {
        "@timestamp": now.astimezone(UTC).isoformat(),
        "note": note.id,
        "kind": note.kind,
        "state": note.state,
        "source": note.source,
        "start": note.start.isoformat() if note.start else None,
        "end": note.end.isoformat() if note.end else None,
        "count": note.count,
        "reason": note.reason,
        "subject": note.subject,
        "gap": note.gap or None,
        "step": note.step,
    }


def note_of(source: Mapping[str, Any]) -> Note:
    """The note that was stored."""
    start, end = (
        datetime.fromisoformat(source[name]) if source.get(name) else None
        for name in ("start", "end")
    )
    return Note(
        source["kind"], source["source"], start, end, source.get("count"),
        source.get("reason") or "", source.get("subject") or "", cast(State, source["state"]),
        source.get("gap") or "", int(source.get("step") or 0),
        datetime.fromisoformat(source["@timestamp"]),
    )  # fmt: skip
