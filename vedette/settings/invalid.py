"""The error a value's own check raises inside the model, in the words that the user reads."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticCustomError

INVALID = "vedette"
"""The `type` of such errors among pydantic's own."""


def invalid(message: str, expected: str) -> PydanticCustomError:
    """An error to raise from a validator. `message` must not hold a secret."""
    context: dict[str, Any] = {"message": message, "expected": expected}
    return PydanticCustomError(INVALID, "{message}; expected {expected}", context)


KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "text"),
    (dict, "a mapping"),
    ((list, tuple), "a list"),
    (type(None), "empty"),
)


def kind(value: object) -> str:
    """What sort of value this is, without showing it (it may be a secret)."""
    return next((name for types, name in KINDS if isinstance(value, types)), "a date")
