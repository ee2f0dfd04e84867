"""What a server holds against what is wanted of it: settings and mappings come back spelt anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SHOWN = 5


def differences(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> list[str]:
    """What is missing or otherwise in `held`, as `path: what is there, not what is wanted`.

    What is otherwise comes first. What a server adds of its own is no difference.
    """
    want, have = dict(leaves(wanted)), dict(leaves(held))
    missing = [f"{path} is missing" for path in want if path not in have]
    otherwise = [
        f"{path} is {have[path]}, not {value}"
        for path, value in want.items()
        if path in have and have[path] != value
    ]
    return otherwise + missing


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value by its dotted path, as text; lists of plain values are one value.

    An empty object counts as being there. Elasticsearch writes `5` as `"5"`, and the type of
    an object that has properties is understood.
    """
    if isinstance(tree, Mapping):
        if not tree and path:
            yield path, "{}"
        for key, value in tree.items():
            below = f"{path}.{key}" if path else str(key)
            if key == "type" and value == "object":
                continue
            yield from leaves(value, below)
    elif isinstance(tree, list) and any(isinstance(item, Mapping) for item in tree):
        for number, item in enumerate(tree):
            yield from leaves(item, f"{path}[{number}]")
    elif isinstance(tree, list):
        yield path, ", ".join(map(plain, tree))
    else:
        yield path, plain(tree)


def plain(value: Any) -> str:
    """A scalar as servers write it in settings."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def brief(found: list[str]) -> str:
    """The first differences, and how many more there are."""
    more = len(found) - SHOWN
    return "; ".join(found[:SHOWN]) + (f"; and {more} more" if more > 0 else "")
