"""JSON as clusters hold it: fast where orjson can, tolerant where it cannot.

Events come from attackers: a lone surrogate or an integer beyond 64 bits is legal in what a
cluster returns, and must not keep a whole page of events from being read. (Such an integer is
read as a float.)
"""

from __future__ import annotations

import json
from typing import Any

import orjson


def loads(data: bytes | str) -> Any:
    """Parse JSON. Raises ValueError."""
    try:
        return orjson.loads(data)
    except ValueError:
        try:
            return json.loads(data)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def dumps(value: Any) -> bytes:
    """Serialise to one line of JSON. Raises ValueError."""
    try:
        return orjson.dumps(value)
    except TypeError:
        try:
            return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")
        except (TypeError, RecursionError) as error:
            raise ValueError(str(error)) from error
