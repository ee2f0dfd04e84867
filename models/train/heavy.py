"""PyTorch, when it is needed: training asks for it, scoring never does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from models.errors import ModelError
from models.libraries import library

SMALL = 1 << 20
"""Up to so many weights a network is trained on one thread of a CPU."""


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


@contextmanager
def threads(weights: int) -> Iterator[None]:
    """Inside, PyTorch has one thread for a network of few `weights`, else as many as before.

    A step of a small network is shorter than the time that threads take to meet. Beside other work
    they wait for one another while they spin, which costs ten times the CPU. And on one thread,
    sums are the same however many cores there are.
    """
    lib = torch()
    before = lib.get_num_threads()
    lib.set_num_threads(1 if weights <= SMALL else before)
    try:
        yield
    finally:
        lib.set_num_threads(before)
