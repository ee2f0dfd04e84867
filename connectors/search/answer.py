"""What a cluster answers to a search, decoded no further than is needed.

Most of an answer are the documents of its hits, and most events match no rule: their JSON is
kept as it came, for a first look at it, and is parsed only where that is not enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import msgspec

from connectors.search import codec
from engine.errors import Problem, Report


class _Hit(TypedDict, total=False):
    _index: str
    _id: str
    _version: int
    _routing: str
    _source: msgspec.Raw
    sort: list[Any]
    fields: Any


class _Hits(TypedDict, total=False):
    total: Any
    hits: list[_Hit]


class _Answer(TypedDict, total=False):
    timed_out: Any
    terminated_early: Any
    _shards: Any
    pit_id: Any
    aggregations: Any
    hits: _Hits


_ANSWER = msgspec.json.Decoder(_Answer)
"""What is read of an answer; the rest is not even built."""


def decode(data: bytes) -> Any:
    """A search's answer, in which the `_source` of each hit is JSON text (bytes).

    An answer of another form is decoded whole. Raises ValueError.
    """
    try:
        answer: Any = _ANSWER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return codec.loads(data)
    for hit in answer.get("hits", {}).get("hits", ()):
        source = hit.get("_source")
        if source is not None:
            # a copy, or one event that is kept would keep its whole page
            hit["_source"] = bytes(source)
    return answer


def document(hit: Mapping[str, Any], origin: str, report: Report) -> Mapping[str, Any]:
    """The document of a hit, be it JSON text or decoded already; empty where there is none.

    Bytes that are not UTF-8 are replaced, and reported: else one byte in a file name would hide
    an event. (All else that is wrong in a text makes its whole answer one that cannot be read.)
    """
    found: Any = hit.get("_source")
    if isinstance(found, bytes):
        try:
            found = codec.loads(found)
        except UnicodeDecodeError:
            text = f"bytes of {hit['_index']}/{hit['_id']} that are not UTF-8 were replaced"
            report(Problem("invalid-utf8", text, origin))
            found = codec.loads(found.decode("utf-8", "replace"))
    return found or {}
