"""Open windows as JSON values: compact, for they are written with every checkpoint.

Times and numbers are packed and compressed, as the same few kinds come again and again.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from collections.abc import Mapping
from typing import Any

import orjson

from engine.score.window import Hit, Open, Sample
from models.graph.edge import Edge

MOST = 1 << 27
"""Bytes that a saved window may have unpacked; state is read from a store that may be wrong."""


def packed(window: Open) -> dict[str, Any]:
    """The window as JSON values."""
    return {
        "entity": window.entity,
        "start": window.start,
        "times": _pack(array("d", window.times)),
        "numbers": _pack(window.numbers),
        "over": window.over,
        "seen": sorted(window.seen, key=str),
        "samples": [_sample(sample) for sample in window.samples],
        "hits": [list(hit) for hit in window.hits.values()],
        "fields": window.fields,
        "edges": _squeezed([[*edge, times] for edge, times in window.edges.items()]),
        **({"signals": [_pack(each) for each in window.signals]} if window.signals else {}),
        **({} if window.end is None else {"end": window.end}),
    }


def unpacked(saved: Mapping[str, Any]) -> Open:
    """The window that `packed` gave."""
    hits = (
        Hit(id, title, level, tuple(tags), times) for id, title, level, tags, times in saved["hits"]
    )
    return Open(
        saved["entity"],
        saved["start"],
        _unpack("d", saved["times"]),
        _unpack("i", saved["numbers"]),
        saved["over"],
        set(saved["seen"]),
        [
            Sample(rank, number, time, id, origin, line, text and text.encode())
            for rank, number, time, id, origin, line, text in saved["samples"]
        ],
        {hit.id: hit for hit in hits},
        [dict(each) for each in saved["fields"]],
        {Edge(*names): times for *names, times in _spread(saved.get("edges"))},
        [_unpack("d", each) for each in saved.get("signals", ())],
        saved.get("end"),
    )


def _sample(sample: Sample) -> list[Any]:
    text = None if sample.text is None else sample.text.decode(errors="replace")
    return [
        sample.rank, sample.number, sample.time, sample.id, sample.origin, sample.line, text,
    ]  # fmt: skip


def _squeezed(values: list[Any]) -> str | None:
    return base64.b64encode(zlib.compress(orjson.dumps(values), 1)).decode() if values else None


def _spread(text: str | None) -> list[Any]:
    """What `_squeezed` gave; nothing of a state of before there were edges."""
    if not text:
        return []
    found: list[Any] = orjson.loads(zlib.decompressobj().decompress(base64.b64decode(text), MOST))
    return found


def _pack(values: array[Any]) -> str:
    return base64.b64encode(zlib.compress(values.tobytes(), 1)).decode()


def _unpack(kind: str, text: str) -> array[Any]:
    unpacker = zlib.decompressobj()
    values = array(kind)
    values.frombytes(unpacker.decompress(base64.b64decode(text), MOST))
    return values
