"""How much to move at a time: less where a cluster is under pressure, more again when not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.search import codec

FIRST = 200
"""Where a pace begins that may grow beyond: the first items may be of any size."""

GROWTH = 8
"""How many times as many are asked for next, as long as nothing was refused: how heavy items are is
known by then, and every page of a source is a batch to be stored."""

AIM = 16 * 1024 * 1024
"""Bytes of JSON that one page should have at most."""

REST = 150
"""About how many bytes of a hit are not its document."""

SAMPLE = 32
"""Items of a page that are weighed."""

FADES = 0.8
"""How much of an item's weight is believed again when the next ones are lighter."""


class Pace:
    """Between one and `most` items, and not more than are believed to weigh `aim` bytes.

    A refusal halves it. An answer to a full request makes it eight times as large until the first
    refusal, and lets it grow by a quarter after that, so that a cluster that can just bear it is
    not driven back and forth. What items weigh is learnt from those that came: at once when they
    are heavier, bit by bit when they are lighter. One item is always asked for, whatever it weighs.
    """

    def __init__(self, most: int, *, first: int = FIRST, aim: int = AIM) -> None:
        self.most, self.aim = most, aim
        self._wanted = min(first, most)
        self._refused = False
        self._weight = 0.0

    @property
    def size(self) -> int:
        """How many to move now."""
        if not self._weight:
            return self._wanted
        return max(1, min(self._wanted, int(self.aim / self._weight)))

    @property
    def weight(self) -> float:
        """How many bytes an item is believed to have; 0 while none has come."""
        return self._weight

    def refused(self, size: int) -> int:
        """The cluster would not have so many; gives how many to try."""
        self._refused = True
        self._wanted = max(1, size // 2)
        return self.size

    def answered(self, size: int, items: int, weight: int) -> None:
        """So many were asked for, and so many came, of so many bytes together."""
        if items:
            self._weight = max(weight / items, self._weight * FADES)
        if items >= size:
            step = max(1, size // 4) if self._refused else size * (GROWTH - 1)
            self._wanted = min(self.most, max(self._wanted, size + step))


def weigh(items: Sequence[Any]) -> int:
    """About how many bytes of JSON some items are, from a sample spread evenly over them.

    The heaviest of the sample counts for as many as it stands for, so one large document in a
    page of small ones makes the page look larger than it is, never smaller than what was seen.
    """
    if not items:
        return 0
    step = max(1, len(items) // SAMPLE)
    sample = items[::step]
    return sum(_weight(item) for item in sample) * len(items) // len(sample)


def _weight(item: Any) -> int:
    if isinstance(item, Mapping) and isinstance(source := item.get("_source"), bytes):
        return len(source) + REST
    try:
        return len(codec.dumps(item))
    except ValueError:
        return len(repr(item))
