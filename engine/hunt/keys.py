"""The keys of a hunt's file: how each is read, and the same as JSON schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from engine.correlate.condition import OPERATORS, Compare
from engine.correlate.value import number
from engine.level import LEVELS

MAX_TEXT = 65_536
"""Longest text in a hunt's file, such as a query."""

MAX_FIELDS = 8
"""Most fields that are grouped by or combined."""

LONGEST = timedelta(days=3650)

_DURATION = re.compile(r"(\d{1,9})(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_FIELD = re.compile(r"[^\s*,]{1,256}")


class KeyProblem(ValueError):  # noqa: N818  # it is what is wrong, told by whoever knows the file
    """A value that a key cannot have; `expected` says what it can, `path` where below the key."""

    def __init__(
        self,
        message: str,
        expected: str | None = None,
        *,
        path: tuple[str | int, ...] = (),
        nearest: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.expected, self.path, self.nearest = message, expected, path, nearest


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: what reads it (raising `KeyProblem`), and its JSON schema."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a hunt."""

    name: str
    kind: Kind
    doc: str
    required: bool = False
    default: Any = None
    schema: Mapping[str, Any] = field(default_factory=dict)


def duration(value: Any) -> timedelta:
    """`10m` as a time span, longer than nothing."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise KeyProblem(f"{shown(value)} is not a duration", "such as 30s, 10m, 24h or 7d")
    seconds = int(found[1]) * _SECONDS[found[2]]
    if not 0 < seconds <= LONGEST.total_seconds():
        raise KeyProblem(f"{shown(value)} is out of range", "more than 0, at most 3650d")
    return timedelta(seconds=seconds)


def written(span: timedelta) -> str:
    """A span as files write it."""
    seconds = int(span.total_seconds())
    for unit in ("w", "d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"


def text(value: Any) -> str:
    """Some text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise KeyProblem(f"{shown(value)} is no text", "a text")
    if len(value) > MAX_TEXT:
        raise KeyProblem("is too long", f"at most {MAX_TEXT:,} characters")
    return value.strip()


def texts(value: Any) -> tuple[str, ...]:
    """A text, or a list of them."""
    items = value if isinstance(value, list) else [value]
    if not items:
        raise KeyProblem("is empty", "at least one text")
    return tuple(text(item) for item in items)


def field_name(value: Any) -> str:
    """The name of a field."""
    if not isinstance(value, str) or not _FIELD.fullmatch(value):
        raise KeyProblem(f"{shown(value)} is no field name", "a name such as user.name")
    return value


def field_names(value: Any) -> tuple[str, ...]:
    """A field's name, or a list of different ones."""
    names = tuple(field_name(item) for item in (value if isinstance(value, list) else [value]))
    if not names or len(names) > MAX_FIELDS:
        raise KeyProblem(f"lists {len(names)} fields", f"1 to {MAX_FIELDS}")
    if len(set(names)) < len(names):
        raise KeyProblem("names a field twice", "different fields")
    return names


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise KeyProblem(f"{shown(value)} is neither true nor false", "true or false")
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping with texts as keys."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise KeyProblem("is no mapping", "keys and values")
    return value


def compare(value: Any) -> Compare:
    """`{gte: 10}`: comparisons that must all hold."""
    if not isinstance(value, Mapping) or not value:
        raise KeyProblem("compares nothing", f"one of {', '.join(OPERATORS)}, with a number")
    tests = []
    for op, bound in value.items():
        found = number(bound) if not isinstance(bound, str) else None
        if op not in OPERATORS or found is None:
            raise KeyProblem(
                f"cannot compare with {shown(op)}: {shown(bound)}",
                f"one of {', '.join(OPERATORS)}, with a number",
            )
        tests.append((str(op), found))
    return Compare(tuple(tests))


def query(value: Any) -> str | Mapping[str, Any]:
    """A Lucene query string, or a query DSL object."""
    if isinstance(value, str):
        return text(value)
    if not isinstance(value, Mapping) or len(value) != 1:
        raise KeyProblem("is no query", "a Lucene query string, or one query DSL object")
    return mapping(value)


def _choice(known: Iterable[str]) -> Callable[[Any], str]:
    words = tuple(known)

    def read(value: Any) -> str:
        if value not in words:
            from engine.errors import nearest_name

            near = nearest_name(value, words) if isinstance(value, str) else None
            raise KeyProblem(f"unknown value {shown(value)}", f"one of {', '.join(words)}",
                             nearest=near)  # fmt: skip
        return str(value)

    return read


def _numbers(least: float, most: float, *, whole: bool) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not least <= value <= most:
            kind = "a whole number" if whole else "a number"
            raise KeyProblem(f"{shown(value)} is out of range", f"{kind}, {least:,} to {most:,}")
        return value

    return read


def shown(value: Any) -> str:
    """A value as messages show it."""
    known = repr(value)
    return known if len(known) <= 60 else f"{known[:59]}…"


def whole(least: int, most: int) -> Kind:
    """A whole number within bounds."""
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Kind(_numbers(least, most, whole=True), schema)


def real(least: float, most: float) -> Kind:
    """A number within bounds."""
    schema = {"type": "number", "minimum": least, "maximum": most}
    return Kind(_numbers(least, most, whole=False), schema)


def one_of(*words: str) -> Kind:
    """One of some words."""
    return Kind(_choice(words), {"enum": list(words)})


_NAME = {"type": "string", "pattern": r"^[^\s*,]{1,256}$"}

TEXT = Kind(text, {"type": "string", "minLength": 1})
TEXTS = Kind(
    texts,
    {"anyOf": [TEXT.schema, {"type": "array", "minItems": 1, "items": TEXT.schema}]},
)
DURATION = Kind(duration, {"type": "string", "pattern": f"^{_DURATION.pattern}$"})
FIELD = Kind(field_name, _NAME)
FIELDS = Kind(
    field_names,
    {
        "anyOf": [
            _NAME,
            {"type": "array", "minItems": 1, "maxItems": MAX_FIELDS, "items": _NAME,
             "uniqueItems": True},
        ]
    },
)  # fmt: skip
FLAG = Kind(flag, {"type": "boolean"})
MAPPING = Kind(mapping, {"type": "object"})
LEVEL = one_of(*LEVELS)
QUERY = Kind(
    query,
    {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "object", "minProperties": 1, "maxProperties": 1},
        ]
    },
)
COMPARE = Kind(
    compare,
    {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {op: {"type": "number"} for op in OPERATORS},
    },
)
