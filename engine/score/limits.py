"""How much scoring may hold; every one of these says so when it bites."""

from __future__ import annotations

from dataclasses import dataclass

from models.calibrate.budget import COMMON

SAMPLES = 8
"""Events of a window that its alert shows."""

MAX_DOCUMENT = 65_536
"""Bytes of an event as JSON beyond which it is named, and not kept to be shown."""

EDGES = 2_000
"""Different edges of a window's graph that are scored."""

NEW = 8
"""Kinds new to the model of which a window keeps what they say of themselves."""

HITS = 32
"""Rules that an alert names among those that matched in its window."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one model's open windows, of which what is oldest is let go of first, and of what
    it tells.
    """

    window: int = 10_000
    """Events of one window that are scored."""
    held: int = 500_000
    """Events of all open windows."""
    text: int = 4 << 20
    """Bytes of events kept for alerts to show."""
    common: float = COMMON
    """The largest p of a window that is strange."""


HUNT = Limits(held=20_000_000, text=256 << 20)
"""In a hunt all windows stay open until the last file is read, and nothing is saved."""
