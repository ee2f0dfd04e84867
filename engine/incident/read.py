"""Reading JSON whose fields may be absent or of any type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST = 64
"""How many entries of one list are read: a document is not trusted to be short."""


def get(document: Any, path: str) -> Any:
    """The value at a dotted path, None when a step is missing or no object."""
    for key in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document


def texts(document: Any, path: str) -> list[str]:
    """The texts at a path, whether it holds one or a list."""
    value = get(document, path)
    listed = value[:MOST] if isinstance(value, list | tuple) else [value]
    return [item for item in listed if isinstance(item, str) and item]


def first(document: Any, path: str) -> str:
    """The first text at a path, else the empty one."""
    return next(iter(texts(document, path)), "")


def entries(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list, or the one that stands for such a list."""
    listed = value[:MOST] if isinstance(value, list | tuple) else [value]
    return [item for item in listed if isinstance(item, Mapping)]
