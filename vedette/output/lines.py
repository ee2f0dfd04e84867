"""Alerts as JSON: one document a line, or one array; both written as they come."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, TextIO

import orjson

from engine.ports import Document
from vedette.output.safe import json_text
from vedette.output.summary import Summary

_DEEPEST = 128


class NdjsonWriter:
    """One compact JSON document a line; each is flushed, so that a reader sees it at once."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def alert(self, document: Document) -> None:
        """Write one line."""
        self._out.write(encode(document) + "\n")
        self._out.flush()

    def close(self, summary: Summary) -> None:  # noqa: ARG002  (the Writer protocol)
        """Nothing is left to write: a stream of documents has no end mark."""
        self._out.flush()


class JsonWriter:
    """One JSON array, one document a line inside it; `[]` when there are none."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._before = "[\n"

    def alert(self, document: Document) -> None:
        """Write one element."""
        self._out.write(self._before + encode(document))
        self._out.flush()
        self._before = ",\n"

    def close(self, summary: Summary) -> None:  # noqa: ARG002  (the Writer protocol)
        """End the array."""
        self._out.write("[]\n" if self._before == "[\n" else "\n]\n")
        self._out.flush()


def encode(document: Document) -> str:
    """One line of valid JSON for any document, safe to show on a terminal (`safe.json_text`).

    What JSON cannot hold (NaN, infinities) becomes null; lone surrogates stay as escapes;
    what is nested deeper than 128 levels is replaced by a text that says so.
    """
    try:
        return json_text(orjson.dumps(document).decode())
    except TypeError:  # surrogates, integers over 64 bits, keys that are no text, deep nesting
        return json.dumps(_plain(document, 0), separators=(",", ":"), allow_nan=False)


def _plain(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return f"[nested deeper than {_DEEPEST} levels: left out]"
    if isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)
