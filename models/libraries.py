"""Libraries that only training needs: imported when they are first used."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from models.errors import ModelError


def library(module: str) -> Any:
    """The module of that name; `ModelError` where it is missing, or is there and does not load."""
    wanted = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as error:
        gone = isinstance(error, ModuleNotFoundError)
        if gone and (error.name or "").partition(".")[0] == wanted:
            text = f"this needs {wanted}: pip install 'vedette[ml]'"
        else:
            text = f"this needs {wanted}, which is installed and does not load: {error}"
        raise ModelError(text) from error


def missing(modules: Iterable[str]) -> list[str]:
    """Those that are not installed."""
    return [each for each in modules if find_spec(each) is None]
