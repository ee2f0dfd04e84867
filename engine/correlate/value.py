"""Values of events as correlations compare them: folded texts, exact numbers, microseconds."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from typing import Any

MAX_TEXT = 256
"""Longest text of a value as it is; a longer one is cut, and told apart by a hash."""

MAX_VALUES = 64
"""Most values of one field of one event that count, and most groups that one event is in."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


def micros(time: datetime) -> int:
    """A time as whole microseconds since 1970."""
    return (time - _EPOCH) // _MICRO


def moment(number: int) -> datetime:
    """Microseconds since 1970 as a UTC time."""
    return _EPOCH + timedelta(microseconds=number)


def text_of(value: Any) -> str:
    """A value as text of bounded length; 443, 443.0 and "443" are the same."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value) if not isinstance(value, int) or value.bit_length() < 256 else hex(value)
    text = clean(text)
    if len(text) <= MAX_TEXT:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: MAX_TEXT - 17]}…{digest[:16]}"


def clean(text: str) -> str:
    """The text without lone surrogates, which no state can be written with."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def fold(text: str) -> str:
    """What values are compared by: Sigma's values have no case."""
    return text.casefold()


def combined(columns: Sequence[Sequence[str]]) -> tuple[list[tuple[str, ...]], bool]:
    """Every combination of the columns' values, each once by its folded form.

    An event whose field has several values is of each value's group. The second part tells that
    there were more than `MAX_VALUES` combinations, and the rest was left out.
    """
    unique = [list({fold(value): value for value in column}.values()) for column in columns]
    found = list(islice(product(*unique), MAX_VALUES + 1))
    return found[:MAX_VALUES], len(found) > MAX_VALUES


def number(value: Any) -> int | float | None:
    """A value as a finite number, or None when it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        value = _parsed(value.strip())
    if isinstance(value, int) and value.bit_length() > 63:  # the state holds 64 bits
        value = float(value) if value.bit_length() < 1000 else None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, int | float) else None


def kept(value: Any) -> Any:
    """A value in a form that a state can hold: bounded text, a finite number, or a truth."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value.bit_length() < 64:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return text_of(value)


def numbers(values: Iterable[Any]) -> tuple[int | float, ...]:
    """The numbers among values."""
    found = (number(value) for value in values)
    return tuple(item for item in islice(found, MAX_VALUES) if item is not None)


def _parsed(text: str) -> int | float | None:
    if len(text) > 64 or "_" in text:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
