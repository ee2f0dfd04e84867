"""From a JSON value to the events in it: plain, Elasticsearch hits, CloudTrail and Azure lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.files.limits import Context
from connectors.files.parse import depth, might_nest, too_deep
from engine.ports import Record

_BESIDE: dict[str, frozenset[str]] = {
    "Records": frozenset(),
    "records": frozenset(),
    "value": frozenset({"nextLink", "@odata.context", "@odata.count", "@odata.nextLink"}),
}
"""The key of a list of events, and the only keys that may stand beside it."""


def might_wrap(value: dict[str, Any]) -> bool:
    """Whether an object may be more, or other, than one plain event: a cheap first look."""
    return (
        "_source" in value
        or "hits" in value
        or "Records" in value
        or "records" in value
        or "value" in value
    )


def records(value: Any, text: bytes, line: int, context: Context) -> Iterator[Record]:
    """The events in a value, parsed from `text`, that starts on `line`."""
    deep = might_nest(text, context.limits.depth)
    items = _items(value)
    for item in [value] if items is None else items:
        yield from record(item, line, context, deep=deep)


def record(value: Any, line: int, context: Context, *, deep: bool) -> Iterator[Record]:
    """The one event that a value is, or none and a problem; `deep` says to measure its nesting."""
    if not isinstance(value, dict):
        context.tell("not-an-object", f"a JSON {_kind(value)} is not an event", line)
    elif deep and depth(value) > context.limits.depth:
        context.tell("too-deep", too_deep(context), line)
    elif isinstance(value.get("_source"), dict) and ("_id" in value or "_index" in value):
        yield _hit(value, line, context)
    else:
        yield Record(value, context.origin, line=line)


def _items(value: Any) -> list[Any] | None:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or not might_wrap(value):
        return None
    for key, beside in _BESIDE.items():
        if key in value and value.keys() - {key} <= beside:
            return _objects(value[key])
    hits = value.get("hits")
    return _objects(hits.get("hits")) if isinstance(hits, dict) else None


def _objects(items: Any) -> list[Any] | None:
    """The list when it begins as a list of events does; `{"value": [1, 2]}` is itself an event."""
    if isinstance(items, list) and (not items or isinstance(items[0], dict)):
        return items
    return None


def _hit(value: dict[str, Any], line: int, context: Context) -> Record:
    index, name = value.get("_index"), value.get("_id")
    known = isinstance(index, str) and isinstance(name, str)
    return Record(
        value["_source"],
        context.origin,
        id=f"{index}/{name}" if known else None,
        index=index if isinstance(index, str) else None,
        line=line,
    )


def _kind(value: Any) -> str:
    names = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
