"""Techniques that rules have named of an entity, and when: the neighbours of its anomalies.

An anomaly that no rule explains may stand between alerts that say what is going on. Kept is which
techniques were named in which span of ten minutes; what is older than an anomaly may still ask for
is let go of, and of very much the oldest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from engine.rule import Rule
from mitre.catalog import Catalog
from mitre.tags import map_tags

SPAN = 600.0
"""Seconds of one span."""
AROUND = 1800.0
"""Seconds before and after a window in which neighbours count: as far as incidents reach."""
MOST = 5_000
"""Spans of entities that are remembered."""
MOST_NAMED = 32
"""Techniques of one of them."""


@lru_cache(maxsize=4096)
def techniques(tags: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of the techniques that tags name, old ones as the newest ATT&CK has them."""
    return tuple(each.id for each in map_tags(tags, Catalog.load()).techniques)


class Neighbours:
    """What rules have named, by entity and span of time."""

    def __init__(self) -> None:
        self._spans: OrderedDict[tuple[str, int], dict[str, None]] = OrderedDict()

    def add(self, entity: str, time: float, rules: Iterable[Rule]) -> None:
        """Rules matched an event of an entity."""
        named = [id for rule in rules for id in techniques(tuple(rule.tags))]
        if not named:
            return
        span = self._spans.setdefault((entity, int(time // SPAN)), {})
        for technique in named:
            if len(span) < MOST_NAMED:
                span.setdefault(technique)
        while len(self._spans) > MOST:
            self._spans.popitem(last=False)

    def of(self, entity: str, start: float, end: float) -> tuple[str, ...]:
        """The techniques that were named of an entity around a time, in the order of their ids."""
        first, last = int((start - AROUND) // SPAN), int((end + AROUND) // SPAN)
        spans = (self._spans.get((entity, at), {}) for at in range(first, last + 1))
        return tuple(sorted({technique for span in spans for technique in span}))

    def forget(self, before: float) -> None:
        """Let go of what no window that ends later can have as a neighbour."""
        last = (before - 2 * AROUND) // SPAN
        for key in [key for key in self._spans if key[1] < last]:
            del self._spans[key]

    def save(self) -> list[list[Any]]:
        """As JSON values."""
        return [[entity, at, list(named)] for (entity, at), named in self._spans.items()]

    def restore(self, saved: Sequence[Sequence[Any]]) -> None:
        """What was saved, in the place of what is there."""
        self._spans = OrderedDict(
            ((str(entity), int(at)), dict.fromkeys(map(str, named))) for entity, at, named in saved
        )
