"""Libraries that only training needs: imported when they are first used."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from models.errors import ModelError


def library(module: str) -> Any:
    """The module of that name; `ModelError` says how to install it where it is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        wanted = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != wanted:
            raise
        raise ModelError(f"this needs {wanted}: pip install 'vedette[ml]'") from error


def missing(modules: Iterable[str]) -> list[str]:
    """Those that are not installed."""
    return [each for each in modules if find_spec(each) is None]
