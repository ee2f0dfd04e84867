"""How long one rule may search in one event, all of its expressions and values together.

Each search has a limit, but an event may have thousands of values. The only look at a clock in
the engine: what it says decides nothing but whether a rule is told to stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

RULE_LIMIT = 0.1
"""Seconds that a rule may search in one event on the stoppable engine."""

_ends: ContextVar[float | None] = ContextVar("ends", default=None)


@contextmanager
def allowance(seconds: float = RULE_LIMIT) -> Iterator[None]:
    """Searches inside end together after so long; one that is left with no time fails at once."""
    before = _ends.set(monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(before)


def left(limit: float) -> float:
    """Seconds that the next search may take, `limit` at most; not above 0 when all are used."""
    ends = _ends.get()
    return limit if ends is None else min(limit, ends - monotonic())
