"""The source events that alerts will show, kept as JSON text within a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any


class Texts:
    """Texts by event id; the oldest are let go of when there are too many characters."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    def add(self, id: str, text: str) -> None:
        """Keep a text."""
        if id in self._texts or len(text) > self._limit:
            return
        self._texts[id] = text
        self._size += len(text)
        while self._size > self._limit:
            _, gone = self._texts.popitem(last=False)
            self._size -= len(gone)

    def of(self, ids: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Those of the ids that are still kept."""
        return tuple((id, self._texts[id]) for id in ids if id in self._texts)

    def save(self, wanted: set[str]) -> list[Any]:
        """The texts that are still wanted."""
        for id in [id for id in self._texts if id not in wanted]:
            self._size -= len(self._texts.pop(id))
        return [list(item) for item in self._texts.items()]

    def restore(self, saved: Iterable[Any]) -> None:
        """Keep what was saved."""
        for id, text in saved:
            self.add(id, text)
