"""What the mappings of an index pattern hide of a field's values from queries.

Vedette evaluates rules on `_source`, where nothing is hidden as long as it is stored. A query that
the cluster answers sees what was indexed: analysed text, nothing over `ignore_above`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ANALYSED = frozenset({"text", "match_only_text"})
WHOLE = frozenset({"keyword", "wildcard", "constant_keyword"})


@dataclass(frozen=True, slots=True)
class Held:
    """What the mappings of a pattern say of one field: its types, and what hides its values.

    `whole` is the name under which exact values can be searched (the field itself, or one of its
    `fields`), None where there is none; `ignore_above` the shortest limit, None where there is
    none; `unindexed` the indices in which it is not searchable.
    """

    types: frozenset[str]
    whole: str | None
    ignore_above: int | None
    unindexed: tuple[str, ...]
    cased: bool = True
    """Whether case counts in one of the indices at least."""


@dataclass(slots=True)
class Mappings:
    """The mappings of all indices of a pattern together."""

    indices: int = 0
    without_source: list[str] = field(default_factory=list)
    """Indices whose documents do not keep their `_source`."""

    cut: set[str] = field(default_factory=set)
    """Fields that `_source` leaves out on purpose."""

    properties: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """Each index with its mapping."""

    def field(self, name: str) -> Held | None:
        """What is known of a field by its dotted name; None where no index has it."""
        found = [
            (index, each)
            for index, mapping in self.properties
            if (each := lookup(mapping, name)) is not None
        ]
        if not found:
            return None
        limits = [limit for _, each in found for limit in limits_of(each) if isinstance(limit, int)]
        wholes = {whole_of(name, each) for _, each in found}
        return Held(
            frozenset(str(each.get("type", "object")) for _, each in found),
            None if None in wholes else min(w for w in wholes if w),
            min(limits) if limits else None,
            tuple(index for index, each in found if each.get("index") is False),
            any("normalizer" not in each for _, each in found),
        )


def hides(held: Held | None) -> str | None:
    """How a query by a field's own name misses the values of the field; None where it does not."""
    if held is None:
        return "not mapped, so nothing is found"
    if held.unindexed:
        return "not indexed, so nothing is found"
    if held.types & ANALYSED:
        return "analysed text: words are compared, not values, and no wildcard spans two of them"
    cased = held.cased and bool(held.types & WHOLE)
    if held.ignore_above is not None:
        missed = f"values over {held.ignore_above:,} characters are not found"
        return f"case counts, and {missed}" if cased else missed
    return "case counts" if cased else None


def lookup(mapping: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """A field's own part of a mapping; what lies under a flattened object is that object."""
    current: Mapping[str, Any] = mapping
    for piece in name.split("."):
        if current.get("type") in ("flattened", "flat_object"):
            return current
        found = [
            each
            for below in (current.get("properties"), current.get("fields"))
            if isinstance(below, Mapping) and isinstance(each := below.get(piece), Mapping)
        ]
        if not found:
            return None
        current = found[0]
    return current


def limits_of(field_mapping: Mapping[str, Any]) -> Iterator[Any]:
    """`ignore_above` of a field and of the fields below it."""
    yield field_mapping.get("ignore_above")
    for each in (field_mapping.get("fields") or {}).values():
        yield each.get("ignore_above")


def whole_of(name: str, field_mapping: Mapping[str, Any]) -> str | None:
    """Where a field's exact values can be searched."""
    if field_mapping.get("type") not in ("text", "match_only_text"):
        return name
    below = field_mapping.get("fields") or {}
    found = [key for key, each in below.items() if each.get("type") in ("keyword", "wildcard")]
    return f"{name}.{found[0]}" if found else None
