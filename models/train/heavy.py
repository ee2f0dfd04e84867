"""PyTorch, when it is needed: training asks for it, scoring never does."""

from __future__ import annotations

from typing import Any

from models.errors import ModelError
from models.libraries import library


def torch() -> Any:
    """The module; `ModelError` says how to get it."""
    return library("torch")


def device(wanted: str) -> str:
    """`wanted`, or for "auto" a GPU when there is one; `ModelError` if there is no such device."""
    lib = torch()
    if wanted == "auto":
        return "cuda" if lib.cuda.is_available() else "cpu"
    if wanted.startswith("cuda") and not lib.cuda.is_available():
        raise ModelError(f"device {wanted!r} is not there: PyTorch sees no GPU")
    return wanted


def device_name(used: str) -> str:
    """The name of the card, or `cpu`."""
    return str(torch().cuda.get_device_name(used)) if used.startswith("cuda") else used
