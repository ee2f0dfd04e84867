"""The detectors that there are, by name: every class in this package that keeps the contract."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import Any

import models
from models.base import Detector
from models.errors import ModelError


@cache
def detectors() -> dict[str, type[Detector[Any]]]:
    """Each detector by its name, in the order of the names.

    Importing them must cost no heavy library: those are imported where they are first used.
    """
    found: dict[str, type[Detector[Any]]] = {}
    for module in pkgutil.walk_packages(models.__path__, "models."):
        for each in vars(importlib.import_module(module.name)).values():
            if _is_one(each, module.name):
                found[each.name] = each
    return dict(sorted(found.items()))


def detector(name: str) -> type[Detector[Any]]:
    """The class of that name; `ModelError` lists those that there are."""
    known = detectors()
    if name not in known:
        raise ModelError(f"no detector is called {name!r}; there are {', '.join(known)}")
    return known[name]


def _is_one(each: object, module: str) -> bool:
    return (
        inspect.isclass(each)
        and issubclass(each, Detector)
        and not inspect.isabstract(each)
        and each.__module__ == module
    )
