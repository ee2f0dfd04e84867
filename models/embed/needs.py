"""Libraries that only some need: imported when they are first used."""

from __future__ import annotations

import importlib
from typing import Any

from models.errors import ModelError


def library(name: str) -> Any:
    """The module called `name`; `ModelError` says how to install it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ModelError(f"needs {name}; pip install 'vedette[ml]'") from error
