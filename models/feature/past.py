"""What each entity had in the windows before: volumes of windows as they come.

    past = Past()
    volume = past.add("host.name=dc01", number, 240)
    volume.before, volume.quiet

Windows come in the order of time, those without an event not at all: they are known by the gap.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from models.errors import DataError
from models.feature.volume import Volume
from models.feature.windows import Window

BEFORE = 24
"""Windows before that are remembered: four hours of ten minutes."""
MOST = 10_000
"""Entities that are remembered; the one unheard of longest goes first, and is new again."""


class Past:
    """The last counts of each entity; the same windows give the same volumes however they come."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, tuple[int, tuple[int, ...]]] = OrderedDict()
        """The number of an entity's last window, and the counts up to it."""

    def add(self, entity: Hashable, number: int, count: int) -> Volume:
        """What the next window of an entity is beside those before; it is remembered then.

        `DataError` where it is not later than the entity's last one.
        """
        last, counts = self._known.pop(entity, (number - 1, ()))
        quiet = number - last - 1
        if quiet < 0:
            raise DataError(f"window {number} of {entity} comes after window {last}")
        counts = (*counts, *(0,) * min(quiet, BEFORE))[-BEFORE:]
        self._known[entity] = number, (*counts, count)[-BEFORE:]
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return Volume(entity, number, count, counts, quiet)

    def added(self, windows: Iterable[Window]) -> list[Window]:
        """The windows, which are in the order of time, with their volumes."""
        return [replace(each, volume=self._of(each)) for each in windows]

    def _of(self, window: Window) -> Volume:
        number = round(window.start / (window.end - window.start))
        return self.add(window.entity, number, len(window) + window.over)

    def save(self) -> list[list[Any]]:
        """As JSON values."""
        return [[entity, last, list(counts)] for entity, (last, counts) in self._known.items()]

    def restore(self, saved: Iterable[Sequence[Any]]) -> None:
        """What was saved, in the place of what is there."""
        self._known = OrderedDict(
            (str(entity), (int(last), tuple(map(int, counts)))) for entity, last, counts in saved
        )
