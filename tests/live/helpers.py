"""Short ways to fill a cluster and to read everything a source has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.search import SearchClient, SearchSource, codec
from engine.ports import Alert, Batch, Checkpoint, Record

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """A time, in seconds after T0."""
    return T0 + timedelta(seconds=seconds)


def event(seconds: float, **fields: Any) -> dict[str, Any]:
    """An event at a time."""
    return {"@timestamp": at(seconds).isoformat(), **fields}


def put(client: SearchClient, index: str, documents: Mapping[str, Any]) -> None:
    """Index documents by id, findable at once."""
    lines = []
    for id, document in documents.items():
        lines.append(codec.dumps({"index": {"_index": index, "_id": id}}))
        lines.append(codec.dumps(document))
    answer = client.bulk(b"\n".join(lines) + b"\n")
    assert not answer["errors"], answer
    client.refresh(index)


def read(
    source: SearchSource, checkpoint: Checkpoint | None = None
) -> tuple[list[Record], Checkpoint | None]:
    """Everything one poll gives, and where it got to."""
    records: list[Record] = []
    for batch in source.poll(checkpoint):
        records.extend(batch.records)
        checkpoint = batch.checkpoint
    return records, checkpoint


def ids(records: Iterable[Record]) -> list[str]:
    """The documents' own ids."""
    return [str(record.id).rsplit("/", 1)[1] for record in records]


def batches(source: SearchSource, checkpoint: Checkpoint | None = None) -> list[Batch]:
    """One poll's batches."""
    return list(source.poll(checkpoint))


def alert(id: str, anchor: datetime | None = T0, **own: Any) -> Alert:
    """A small alert document as the engine makes it."""
    document = {
        "@timestamp": "2026-11-23T02:30:00.000Z",
        "ecs": {"version": "8.17.0"},
        "message": "Encoded PowerShell started",
        "event": {"kind": "alert", "id": id, "severity": 73, "risk_score": 73.0},
        "vedette": {"alert": {"id": id, "status": "open", **own}},
    }
    return Alert(id, anchor, document)


def found(client: SearchClient, index: str, query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The hits of a query."""
    client.refresh(index)
    hits: list[Mapping[str, Any]] = client.search({"query": query, "size": 1000}, index)["hits"][
        "hits"
    ]
    return hits
