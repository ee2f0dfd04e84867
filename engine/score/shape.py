"""What models are told of a normalised event, by where its fields stand: as `observe.py` says it.

Events of one kind share the names of their fields, and the keys of their documents. Names alone say
which of the fields that matter an event has; those that it can have neither as a field nor as an
object in its document are not asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from engine.entities import FIELDS
from engine.event import LOGGED, Event, time_fields
from engine.match.screen import reader
from engine.score.observe import ENTITY
from models.bundle.observation import FIELDS as LOOKED_AT
from models.template.event import CHOICES

SHAPES_KEPT = 4096
WIDEST = 256
"""Bounds on hostile variety: beyond so many everything is forgotten and learnt anew, and what has
more names than that is looked at each time."""
NOBODY = ("", "-")
CHOSEN = frozenset(name for choice in CHOICES for name in choice)
APART = ("date", "time")
"""How W3C logs write a time."""


class Shape:
    """What matters of events with these fields, in documents with these keys."""

    _made = 0

    def __init__(self, fields: tuple[str, ...], keys: tuple[str, ...]) -> None:
        Shape._made += 1
        self.number = Shape._made
        self._told = [name for name in fields if name in LOOKED_AT]
        self.telling = reader([name for name in self._told if name in CHOSEN])
        """Reads of an event's fields those that say its kind before its message or log source."""
        held, tops = frozenset(fields), frozenset(keys)
        self._about = [(name, _possible(FIELDS[name], held, tops)) for name in ENTITY]
        times = _possible(time_fields(held if LOGGED in held else tops), held, tops)
        apart = len(_possible(APART, held, tops)) == len(APART)
        self.times = [] if apart else times
        """Where the time may stand, best first; nowhere where it may be in two parts."""

    def fields(self, event: Event) -> dict[str, Any]:
        """The fields that say what kind of event it is."""
        return {name: event.fields[name] for name in self._told}

    def entity(self, event: Event) -> str:
        """Who an event is about."""
        for name, places in self._about:
            value = event.fields.get(places[0]) if places else None
            if value.__class__ is not str:  # nothing, a list, or an object in the document
                value = event.first(*places)
            if value is not None and value not in NOBODY:
                return f"{name}={str(value).lower()}"
        return f"origin={event.record.origin}"


def _possible(names: Sequence[str], held: AbstractSet[str], tops: AbstractSet[str]) -> list[str]:
    """Names for which `Event.values` may find something, in a field or an object on the way."""
    return [name for name in names if name in held or not tops.isdisjoint(_ways(name))]


def _ways(name: str) -> list[str]:
    """Keys of a document under which an object of that name may be."""
    return [name, *(name[:at] for at, char in enumerate(name) if char == ".")]


class Shapes:
    """Remembers shapes."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...]], Shape] = {}

    def of(self, event: Event) -> Shape:
        """The shape of an event."""
        names = (tuple(event.fields), tuple(event.record.document))
        shape = self._known.get(names)
        if shape is not None:
            return shape
        shape = Shape(*names)
        if sum(map(len, names)) <= WIDEST:
            if len(self._known) >= SHAPES_KEPT:
                self._known.clear()
            self._known[names] = shape
        return shape
