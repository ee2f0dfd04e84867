"""Documents replaced in few requests, each only in the place of the version that was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.search import codec
from connectors.search.client import error_of
from connectors.search.entry import MAX_BULK_ALERTS, groups
from connectors.search.port import TRANSIENT, RequestError, SearchClient
from connectors.search.retry import Patience, Retry
from engine.ports import Kept


@dataclass(frozen=True, slots=True)
class _Line:
    """A document's id, and its action and text as a bulk has them."""

    id: str
    text: bytes

    @classmethod
    def of(cls, index: str, change: Kept) -> _Line:
        target: dict[str, Any] = {"_index": index, "_id": str(change.document["id"])}
        if change.version is not None:
            seq_no, primary_term = change.version
            target |= {"if_seq_no": seq_no, "if_primary_term": primary_term}
        action = {"create" if change.version is None else "index": target}
        text = codec.dumps(action) + b"\n" + codec.dumps(change.document) + b"\n"
        return cls(target["_id"], text)


def replace(client: SearchClient, index: str, changes: Sequence[Kept], retry: Retry) -> list[str]:
    """Store documents under their `id`; the ids of those that were not what had been read.

    A version is (`_seq_no`, `_primary_term`), None for a document that there was none of. One
    index of one shard takes them in their order. A change whose answer was lost may count among
    those that came too late: it is read again then, and found. Raises `RequestError`.
    """
    refused: list[str] = []
    lines = (_Line.of(index, change) for change in changes)
    for some in groups(lines, lambda each: len(each.text), lambda: MAX_BULK_ALERTS):
        patience, left = Patience(retry), some
        while left:
            left = _send(client, left, refused, patience)
    return refused


def _send(
    client: SearchClient, lines: list[_Line], refused: list[str], patience: Patience
) -> list[_Line]:
    """One request; gives back what must be sent again. A server may want less at a time."""
    try:
        answer = client.bulk_replace(b"".join(line.text for line in lines))
    except RequestError as error:
        if error.status == 413 and len(lines) > 1:
            half = len(lines) // 2
            left = [*lines[:half]]
            while left:
                left = _send(client, left, refused, patience)
            return lines[half:]
        if not error.transient:
            raise
        patience.wait(error)
        return lines
    again, busy = _left(client.host, lines, answer, refused)
    if busy:
        patience.wait(busy)
    return again


def _left(
    host: str, lines: list[_Line], answer: Mapping[str, Any], refused: list[str]
) -> tuple[list[_Line], RequestError | None]:
    """What must be sent again, and why. Raises what waiting does not help."""
    again: list[_Line] = []
    busy: RequestError | None = None
    items = [result for item in answer["items"] for result in item.values()]
    if len(items) != len(lines):
        raise RequestError(host, 500, "bulk_error", "the answer lacks items")
    for line, item in zip(lines, items, strict=True):
        status = int(item["status"])
        if status == 409:
            refused.append(line.id)
        elif status >= 300:
            error = error_of(host, status, item)
            if status not in TRANSIENT:
                raise error
            again.append(line)
            busy = error
    return again, busy
