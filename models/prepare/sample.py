"""Fewer data: a fair sample of a stream's windows, no entity too often, and kinds that are rare.

    sample = Sample(100_000, seed=0)
    for event in stream:
        taken, gone = sample.offer(event.entity, window_of(event))

A window's events come between those of others, and a sample has whole windows. So each window has a
rank, drawn by its name and the seed alone, and those with the lowest ranks are the sample: one that
is out never comes back, whatever comes later, and the order of the stream does not matter.

Source: Cohen and Kaplan, Summarizing Data Using Bottom-k Sketches (PODC 2007).
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Hashable, Iterable
from hashlib import blake2b

from models.base import Session
from models.errors import DataError

BITS = 10
"""Numbers of windows that are noted together are those with the same bits above so many."""

Key = tuple[Hashable, int]
"""A window: its entity, and its number in time."""


class Sample:
    """Up to `most` windows, drawn by chance; of all, or `each` entity's own so many.

    Memory is that of the sample, and of a bit for each window that there was.
    """

    def __init__(self, most: int, seed: int = 0, *, each: bool = False) -> None:
        if most < 1:
            raise DataError(f"a sample has one window or more, not {most}")
        self.most, self.seed, self.each = most, seed, each
        self.seen: Counter[Hashable] = Counter()
        """How many windows of each entity there were."""
        self.kept: Counter[Hashable] = Counter()
        """How many of them are in the sample."""
        self._noted: dict[Key, int] = {}
        self._inside: set[Key] = set()
        self._ranks: dict[Hashable, list[tuple[int, Key]]] = {}

    def offer(self, entity: Hashable, number: int) -> tuple[bool, Key | None]:
        """Whether an event's window is in the sample, and which one leaves it for that."""
        key = (entity, number)
        if key in self._inside:
            return True, None
        self._note(key)
        rank = _rank(key, self.seed)
        ranks = self._ranks.setdefault(entity if self.each else None, [])
        # The highest of those inside comes first.
        if len(ranks) < self.most:
            heapq.heappush(ranks, (-rank, key))
            gone = None
        elif -rank > ranks[0][0]:
            gone = heapq.heapreplace(ranks, (-rank, key))[1]
            self._inside.remove(gone)
            self.kept[gone[0]] -= 1
        else:
            return False, None
        self._inside.add(key)
        self.kept[entity] += 1
        return True, gone

    def _note(self, key: Key) -> None:
        entity, number = key
        page, bit = (entity, number >> BITS), 1 << (number & ((1 << BITS) - 1))
        noted = self._noted.get(page, 0)
        if not noted & bit:
            self._noted[page] = noted | bit
            self.seen[entity] += 1


def rare(sessions: Iterable[Session], least: int) -> set[int]:
    """The events that are in fewer than `least` of the sessions."""
    found = Counter(event for session in sessions for event in set(session))
    return {event for event, count in found.items() if count < least}


def _rank(key: Key, seed: int) -> int:
    """A number that depends on the two alone. The name's type counts: 1 is not "1"."""
    text = f"{seed}\0{key[0]!r}\0{key[1]}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest())
