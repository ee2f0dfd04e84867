"""How much a correlation may hold; every one of these says so when it bites."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the state; what is oldest is let go of first."""

    groups: int = 10_000
    """Groups of one correlation at a time."""
    matches: int = 10_000
    """Matches of one window; a condition that asks for more has room for them."""
    held: int = 50_000
    """Matches of all windows of one correlation."""
    waiting: int = 200_000
    """Matched events that wait for their turn in the order of time."""
    text: int = 4 << 20
    """Characters of source events kept for alerts to show."""
    state: int = 48 << 20
    """Bytes of the whole state as JSON: it is written with each checkpoint, and a cluster takes no
    request over 100 MB unless it is told to."""
