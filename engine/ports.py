"""What the engine asks of the world: records from sources, a home for alerts and checkpoints.

The engine only declares these; `connectors/` implements them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import orjson

from engine.lease import Board
from engine.ledger import Ledger, Note

__all__ = [
    "Actions", "Alert", "Alerts", "Batch", "Checkpoint", "Document", "FencedState", "Incidents",
    "Kept", "Leases", "Ledger", "Look", "Note", "Record", "Seen", "Sink", "Source", "StateStore",
    "Unread", "Written",
]  # fmt: skip

Document = Mapping[str, Any]
"""A JSON object: string keys; values are str, int, float, bool, None, lists or objects."""

Checkpoint = Mapping[str, Any]
"""Where a source got to. JSON-serialisable, opaque to everyone but the source that wrote it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One event as its source holds it.

    `origin` is the file's path, or the stream, alias or index pattern that was asked.
    `id` is the source's own lasting name of the event (design: a document's `_id` with its
    stream; for EVTX computer + channel + record id + time), or None: then the engine names it
    by content. `index` is the backing index; `line` the 1-based line or record in a file; `raw`
    the JSON text that the document was read from, where the source still has it. `candidates` is
    what a `Look` at that text said, None where none was taken.
    """

    document: Document
    origin: str
    id: str | None = None
    index: str | None = None
    line: int | None = None
    raw: bytes | None = field(default=None, repr=False, compare=False)
    candidates: tuple[Any, ...] | None = field(default=None, repr=False, compare=False)


class Unread(Record):
    """A line that was looked at and can match nothing; parsed only when somebody asks."""

    __slots__ = ()
    id = index = None
    candidates = ()

    def __init__(self, raw: bytes, origin: str, line: int) -> None:
        put = object.__setattr__  # a record is frozen
        put(self, "raw", raw)
        put(self, "origin", origin)
        put(self, "line", line)

    @property
    def document(self) -> Document:
        """The event; a number that is too large for a float is infinite."""
        found: Document
        try:
            found = orjson.loads(self.raw or b"")
        except orjson.JSONDecodeError:
            found = json.loads(self.raw or b"")
        return found


Look = Callable[[bytes], tuple[Any, ...] | None]
"""Asks what may match the one event in a line of JSON, before it is parsed.

Nothing (`()`) is certain, and that the line is whole JSON too; None when it cannot be told.
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records, and the checkpoint that may be stored once their alerts are."""

    records: Sequence[Record]
    checkpoint: Checkpoint | None = None
    notes: Sequence[Note] = ()
    """What is to be recorded in the ledger before the checkpoint is stored."""
    span: tuple[datetime, datetime] | None = None
    """From when to when (exclusive) its records are, by the source's cursor, where it has one."""


class Source(Protocol):
    """A place that events come from."""

    name: str

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        """Yield what is new since `checkpoint` (None: the first time), oldest first.

        The iterator ends when nothing new is left for now. Raises `SourceError` when an answer
        is not whole; batches already yielded stay valid.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert document with the id it is stored under and the time that picks its index.

    `anchor_time` is the anchor event's own time (None when the event has none).
    """

    id: str
    anchor_time: datetime | None
    document: dict[str, Any]


@dataclass(slots=True)
class Written:
    """What became of the alerts given to a sink."""

    created: int = 0
    existing: int = 0
    dead: int = 0
    """Refused by the store for good, and kept in its dead-letter place instead."""
    created_ids: list[str] = field(default_factory=list)
    dead_ids: list[str] = field(default_factory=list)

    def add(self, other: Written) -> None:
        """Sum another result into this one."""
        self.created += other.created
        self.existing += other.existing
        self.dead += other.dead
        self.created_ids.extend(other.created_ids)
        self.dead_ids.extend(other.dead_ids)


class Sink(Protocol):
    """A home for alerts, which takes each id at most once."""

    def prepare(self) -> None:
        """Create what is needed to write (template, tables); may be repeated."""
        ...

    def write(self, alerts: Sequence[Alert]) -> Written:
        """Store alerts; an id already stored counts as existing and is left as it is.

        Returns only when every alert is stored or dead-lettered. Raises `SinkError`.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


@dataclass(frozen=True, slots=True)
class Action:
    """A record of the actions stream: what was done about alerts, which never change themselves.

    The id is a function of what the document tells, so that it is added at most once.
    """

    id: str
    document: dict[str, Any]


class Actions(Protocol):
    """The actions stream: records are added, never changed; what they amount to is a projection."""

    def record(self, actions: Sequence[Action]) -> None:
        """Add actions durably; one whose id is there already adds nothing. Raises `SinkError`."""
        ...

    def read(self, since: datetime | None = None, kind: str | None = None) -> Iterator[Document]:
        """The documents written since a time, of one kind or all, in no order.

        Raises `SinkError`.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class Alerts(Protocol):
    """Alerts that are stored, to be read again."""

    def find(self, id: str, most: int = 2) -> list[Document]:
        """The alerts whose id begins so, at most `most`. Raises `SinkError`."""
        ...

    def written(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Document]:
        """Those written from one time to another (exclusive), first written first.

        Raises `SinkError`.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A record of the incidents' store, and the version that a replacement names."""

    document: Document
    version: Any


class Incidents(Protocol):
    """Incidents as documents (`engine.incident.record`), replaced only by who has read them.

    Raises `SinkError`.
    """

    def prepare(self) -> None:
        """Create what is needed to write; may be repeated."""
        ...

    def find(self, keys: Iterable[str], start: datetime, end: datetime) -> list[Kept]:
        """Those about any of some entities (`keys`) that overlap a time; all that was put before.

        Also those that were merged into others.
        """
        ...

    def get(self, id: str) -> Kept | None:
        """One by its id."""
        ...

    def put(self, changes: Sequence[Kept]) -> list[str]:
        """Store records in order, each in the place of the version that was read (None: none was).

        The ids of those where another one came first. What was given after such a one may be
        stored or not.
        """
        ...

    def all(self, since: datetime | None = None) -> Iterator[Document]:
        """Those that ended at or after a time, in no order."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class StateStore(Protocol):
    """Durable checkpoints, and the occurrence numbers of events that have no id of their own."""

    def load(self, name: str) -> Checkpoint | None:
        """The checkpoint last committed for a source, or None. Raises `StateError`."""
        ...

    def occurrences(self, name: str, hashes: Iterable[str]) -> dict[str, int]:
        """How often each content hash has been seen and committed for a source (0 left out)."""
        ...

    def commit(
        self, name: str, checkpoint: Checkpoint | None, occurrences: Mapping[str, int]
    ) -> None:
        """Store checkpoint and new occurrence totals in one write. Raises `StateError`."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class FencedState(StateStore, Protocol):
    """A `StateStore` that refuses whoever does not own a source any more."""

    def claim(self, names: Iterable[str], token: int) -> None:
        """Own these sources under a lease's fencing token from now on.

        Whoever claimed one with a smaller token is refused after that: its commits and its loads
        raise `LeaseError`. So does this, where a greater token has been here. A store that never
        claimed a source is refused only where its commit would replace what it has not read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """The board as it was read, and the version that a replacement names."""

    board: Board
    version: Any


class Leases(Protocol):
    """Who works on what: one small document that all instances of a namespace share.

    It is replaced as a whole, and only by someone who has read what is replaced, so that a
    decision over several units of work (a fair share, a takeover) is one write.
    """

    def prepare(self) -> None:
        """Create what is needed to write; may be repeated. Raises `StateError`."""
        ...

    def read(self) -> Seen:
        """The board as it is now; an empty one where there is none. Raises `StateError`."""
        ...

    def replace(self, board: Board, seen: Seen) -> bool:
        """Write a board in the place of the one seen; False where another one came first.

        Raises `StateError`, also when it is not known whether the board was written.
        """
        ...

    def all(self) -> Board:
        """Every lease and every instance, to be looked at. Raises `StateError`."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...
