"""What is remembered for all observers' ways: numbers of kinds, and times that texts stand for."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from typing import Any

from engine.moment import parse_time

KINDS_KEPT = 1 << 15
TIMES_KEPT = 1 << 16
"""Bounds on hostile variety; beyond them everything is forgotten and learnt anew."""
YEARS = range(1970, 2200)
LONGEST_TIME = 64
"""Times that need no more than to be read: none of them is near the ends of what there is."""
LONGEST = 512
"""Characters of values beyond which what they say is not remembered."""


class Kinds:
    """Numbers of kinds; one is never given twice, so that what is forgotten is new."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}
        self._next = 0

    def number(self, key: Hashable) -> int:
        """The number of the kind with this key."""
        number = self._known.get(key)
        if number is None:
            if len(self._known) >= KINDS_KEPT:
                self._known.clear()
            number = self._known[key] = self._next = self._next + 1
        return number


class Times:
    """Seconds since 1970 of the texts of times."""

    def __init__(self) -> None:
        self._known: dict[str, float | None] = {}

    def of(self, text: Any) -> float | None:
        """The time a text stands for; None for none, and for what is no text of usual length."""
        if text.__class__ is not str or len(text) > LONGEST:
            return None
        try:
            return self._known[text]
        except KeyError:
            pass
        time = _seconds(text)
        if len(self._known) >= TIMES_KEPT:
            self._known.clear()
        self._known[text] = time
        return time


def _seconds(text: str) -> float | None:
    """As `parse_time`, which takes longer, where a time is as most are."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        if found.tzinfo is not None and found.year in YEARS and len(text) <= LONGEST_TIME:
            return found.timestamp()
    time = parse_time(text)
    return None if time is None else time.timestamp()
