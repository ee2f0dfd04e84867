"""Which alerts a report shows in full when there are more than it may hold."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from engine.ports import Document
from vedette.output import fields, levels
from vedette.output.summary import group_key

Key = tuple[str, str]


class Selection:
    """The first alerts of every rule, at most `most` in all.

    When full, the rule with the most alerts kept gives one up (of equals the least severe), so
    that a noisy rule never hides a quiet one. Memory is bounded by `most`.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.kept: dict[Key, list[Document]] = {}
        self.total = 0
        self._size = 0
        self._largest: list[tuple[int, int, Key]] = []

    def add(self, document: Document) -> None:
        """Take one alert, if need be in place of another."""
        self.total += 1
        if self.most <= 0:
            return
        key, rank = group_key(document), levels.rank(fields.level(document))
        if self._size >= self.most and not self._make_room(key):
            return
        group = self.kept.setdefault(key, [])
        group.append(document)
        self._size += 1
        heapq.heappush(self._largest, (-len(group), -rank, key))

    def extend(self, documents: Iterable[Document]) -> None:
        """Take alerts one by one."""
        for document in documents:
            self.add(document)

    @property
    def shown(self) -> int:
        """How many alerts are kept."""
        return self._size

    def _make_room(self, key: Key) -> bool:
        """Drop an alert of the largest group; False when the newcomer's own is (as) large."""
        while self._largest:
            size, _, largest = self._largest[0]
            if len(self.kept.get(largest, ())) != -size:
                heapq.heappop(self._largest)  # an entry from before that group shrank
                continue
            if len(self.kept.get(key, ())) + 1 > -size:
                return False
            heapq.heappop(self._largest)
            self.kept[largest].pop()
            self._size -= 1
            return True
        return False
