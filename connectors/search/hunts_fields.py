"""By which field a cluster can count the values of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.search.port import SearchClient
from connectors.search.retry import Retry

EXACT = frozenset(
    {"keyword", "constant_keyword", "long", "integer", "short", "byte", "boolean", "ip"}
)
"""Types whose values come out of the index as they went in."""

NUMBERS = frozenset({"long", "integer", "short", "byte", "double", "float", "half_float"})


def resolved(
    client: SearchClient,
    index: str,
    names: Sequence[str],
    retry: Retry,
    *,
    number: str | None = None,
) -> dict[str, str] | None:
    """For each name the field to count by: itself, or its `.keyword` where it is text.

    None when one of them has none that all indices agree on: its values cannot be counted then.
    `number` names the one that must be a number.
    """
    if not names:
        return {}
    asked = [variant for name in names for variant in (name, f"{name}.keyword")]
    caps = retry.call(lambda: client.field_caps(index, asked))
    found: dict[str, str] = {}
    for name in names:
        types = NUMBERS if name == number else EXACT
        field = next((f for f in (name, f"{name}.keyword") if _counts(caps.get(f), types)), None)
        if field is None:
            return None
        found[name] = field
    return found


def _counts(caps: Mapping[str, Any] | None, types: frozenset[str]) -> bool:
    return bool(caps) and all(
        kind in types and capability.get("aggregatable") and capability.get("searchable")
        for kind, capability in (caps or {}).items()
    )
