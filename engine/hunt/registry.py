"""The types of hunts: every module in `engine/hunt/types` holds one."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

import engine.hunt.types
from engine.hunt.type import HuntType


@cache
def types() -> dict[str, type[HuntType]]:
    """The types by name."""
    found: dict[str, type[HuntType]] = {}
    for module in pkgutil.iter_modules(engine.hunt.types.__path__):
        loaded = import_module(f"{engine.hunt.types.__name__}.{module.name}")
        kind = loaded.TYPE
        found[kind.name] = kind
    return dict(sorted(found.items()))
