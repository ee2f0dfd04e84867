"""A rule as it was written: what YAML can say and JSON cannot comes back with its own type.

Nearly all of a document is JSON. The rest (a date, bytes, a key that is a number) leaves a null
in its place, and stands beside the document as a spot: [path, kind, content].
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from engine.codec.errors import DecodeError, EncodeError

Spot = list[Any]

_LARGEST = 1 << 63
"""Whole numbers from here on are no numbers in every JSON."""


def encode_written(document: Any) -> tuple[Any, list[Spot]]:
    """The document as JSON values, and its spots. Raises `EncodeError`."""
    spots: list[Spot] = []

    def plain(value: Any, path: tuple[str | int, ...]) -> Any:
        kind = type(value)
        if (
            kind is str
            or kind is bool
            or value is None
            or (kind is int and -_LARGEST <= value < _LARGEST)
        ):
            return value
        if kind is float and math.isfinite(value):
            return value
        if kind is list:
            return [plain(item, (*path, at)) for at, item in enumerate(value)]
        if kind is dict and all(type(key) is str for key in value):
            return {key: plain(item, (*path, key)) for key, item in value.items()}
        spots.append([list(path), *_odd(value)])
        return None

    return plain(document, ()), spots


def decode_written(document: Any, spots: Any) -> Any:
    """The document again, the very values given changed in place. Raises `DecodeError`."""
    for spot in spots:
        try:
            path, kind, content = spot
            value = _DECODERS[kind](content)
            if not path:
                document = value
                continue
            holder = document
            for step in path[:-1]:
                holder = holder[step]
            if holder[path[-1]] is not None:
                raise DecodeError("a spot is where a value is")
            holder[path[-1]] = value
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            raise DecodeError(f"a spot is none: {error}") from error
    return document


def _odd(value: Any) -> tuple[str, Any]:
    """The kind and content of a value that JSON has no way to write. Raises `EncodeError`."""
    match value:
        case datetime():
            return "time", value.isoformat()
        case date():
            return "date", value.isoformat()
        case bytes():
            return "bytes", base64.b64encode(value).decode()
        case float():
            return "float", repr(value)
        case int():
            return "int", hex(value)
        case dict():
            return "map", [[encode_written(key), encode_written(v)] for key, v in value.items()]
        case tuple():
            return "tuple", [encode_written(item) for item in value]
        case set():
            return "set", [encode_written(item) for item in value]
    raise EncodeError(f"a {type(value).__name__} in a rule")


def _again(pair: Any) -> Any:
    document, spots = pair
    return decode_written(document, spots)


def _float(text: str) -> float:
    value = float(text)
    if math.isfinite(value):
        raise DecodeError("a number that JSON could have told")
    return value


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "date": date.fromisoformat,
    "time": datetime.fromisoformat,
    "bytes": lambda text: base64.b64decode(text, validate=True),
    "float": _float,
    "int": lambda text: int(text, 16),
    "map": lambda pairs: {_again(key): _again(value) for key, value in pairs},
    "tuple": lambda items: tuple(map(_again, items)),
    "set": lambda items: set(map(_again, items)),
}
