"""Any value of an event as JSON text, also those that plain serialisers refuse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

MAX_LEVELS = 128
"""Levels of nesting that the text of an event goes down; orjson itself ends at 254."""

DEEPER = "… [deeper levels left out]"


def json_text(value: Any, *, sort: bool = False) -> str:
    """The JSON of a value, letters as they are; never raises on what JSON can hold.

    Integers beyond 64 bits keep their digits, lone surrogates are escaped, and what is nested
    deeper than `MAX_LEVELS` is replaced by a mark.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort else None).decode()
    except TypeError:
        shallow = _down_to(value, MAX_LEVELS)
        return json.dumps(shallow, sort_keys=sort, separators=(",", ":"), default=str)


def json_size(value: Any) -> int:
    """Bytes of the JSON of a value."""
    return len(json_text(value).encode("utf-8", "surrogatepass"))


def _down_to(value: Any, levels: int) -> Any:
    if isinstance(value, Mapping):
        return {k: _down_to(v, levels - 1) for k, v in value.items()} if levels else DEEPER
    if isinstance(value, list | tuple):
        return [_down_to(item, levels - 1) for item in value] if levels else DEEPER
    return value
