"""What models are told of an event, by where things stand in events of its shape.

Events of one kind share their keys. For a flat Windows event (`engine.layout`) the keys alone say
where channel, event id, time and those who it may be about stand; `observe.py` would say the same
of it, which tests hold. Other documents are read by the names and types of all that is in them
(`nested.py`). What neither way can tell is normalised, and read by the shape that then has
(`shape.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from engine.entities import FIELDS
from engine.event import LOGGED, Event, time_fields
from engine.kinds import LogSource
from engine.layout import Layout
from engine.match.screen import reader, typed
from engine.ports import Record
from engine.score.memory import KINDS_KEPT, LONGEST, Kinds, Times
from engine.score.nested import Nested
from engine.score.observe import ENTITY
from engine.score.shape import NOBODY, Shape, Shapes
from models.template.event import CHOICES, event_key

LAYOUTS_KEPT = 4096
"""A bound on hostile variety; beyond it everything is forgotten and learnt anew."""

KIND = CHOICES[0]
"""The fields that say what kind of event a Windows event is, before all others."""
_SCALARS = frozenset({str, int, float, bool, type(None)})


class Seen(NamedTuple):
    """An observation; events of one `kind` have the same template. None is of no known kind."""

    entity: str
    time: float
    fields: Mapping[str, Any]
    kind: int | None


class Observer:
    """Remembers where things stand in events, and what their values have said."""

    def __init__(self) -> None:
        self._layouts: dict[tuple[str, ...], _Plan | None] = {}
        self._said: dict[Hashable, tuple[str | None, Mapping[str, Any], int] | None] = {}
        self._told_kinds: dict[Hashable, int | None] = {}
        self._kinds, self._times = Kinds(), Times()
        self._nested = Nested(self._kinds, self._times)
        self._shapes = Shapes()
        self.quick = 0
        """Events that were not normalised here."""

    def see(
        self, record: Record, event: Callable[[], Event], tags: LogSource | None = None
    ) -> Seen | None:
        """What models are told of an event; None where it has no time.

        `event` normalises the record, with these `tags`.
        """
        document = record.document
        keys = tuple(document)
        try:
            plan = self._layouts[keys]
        except KeyError:
            plan = self._learn(keys)
        if plan is not None:
            told = self._told(plan, document)
            if told is not None:
                time = self._first(plan.times, document)
                if time is not None:
                    self.quick += 1
                    entity, fields, kind = told
                    return Seen(entity or f"origin={record.origin}", time, fields, kind)
        else:
            found = self._nested.see(document, event, tags)
            if found is not None:
                (entity, fields, kind), time = found
                self.quick += 1
                return Seen(entity or f"origin={record.origin}", time, fields, kind)
        return self._shaped(event())

    def _shaped(self, event: Event) -> Seen | None:
        """What models are told of a normalised event."""
        shape = self._shapes.of(event)
        time = self._first(shape.times, event.fields)
        if time is None:
            if event.time is None:
                return None
            time = event.time.timestamp()
        fields = shape.fields(event)
        return Seen(shape.entity(event), time, fields, self._kind_of(shape, event, fields))

    def _kind_of(self, shape: Shape, event: Event, fields: Mapping[str, Any]) -> int | None:
        """The number of the kind of a normalised event; None where its message may say it."""
        values = shape.telling(event.fields)
        key = (shape.number, typed(values))
        try:
            return self._told_kinds[key]
        except KeyError:
            pass
        except TypeError:  # a list is among them
            return None
        if sum(len(value) for value in values if isinstance(value, str)) > LONGEST:
            return None
        kind = None if event_key(fields) is None else self._kinds.number(key)
        if len(self._told_kinds) >= KINDS_KEPT:
            self._told_kinds.clear()
        self._told_kinds[key] = kind
        return kind

    def _learn(self, keys: tuple[str, ...]) -> _Plan | None:
        if len(self._layouts) >= LAYOUTS_KEPT:
            self._layouts.clear()
        plan = self._layouts[keys] = _Plan.of(keys)
        return plan

    def _told(
        self, plan: _Plan, document: Mapping[str, Any]
    ) -> tuple[str | None, Mapping[str, Any], int] | None:
        """Who the event is about, the fields that tell its kind, and the kind's number."""
        values = plan.read(document)
        key = (plan.number, values, values[1].__class__)
        try:
            return self._said[key]
        except KeyError:
            pass
        except TypeError:  # an object or a list where a value belongs
            return None
        if not _SCALARS.issuperset(map(type, values)):
            return None
        told = self._said_by(plan, values)
        texts = (*values[:1], *values[2:])
        plain = all(value is None or value.__class__ is str for value in texts)
        if plain and sum(map(len, filter(None, texts))) <= LONGEST:  # of numbers 1 and true are one
            if len(self._said) >= KINDS_KEPT:
                self._said.clear()
            self._said[key] = told
        return told

    def _said_by(
        self, plan: _Plan, values: tuple[Any, ...]
    ) -> tuple[str | None, Mapping[str, Any], int] | None:
        kind = values[: len(KIND)]
        fields = dict(zip(KIND, kind, strict=True))
        if event_key(fields, CHOICES[:1]) is None:
            return None
        entity = None
        for name, places in plan.about:
            found = next((values[at] for at in places if values[at] is not None), None)
            if found is not None and found not in NOBODY:
                entity = f"{name}={str(found).lower()}"
                break
        return entity, fields, self._kinds.number(typed(kind))

    def _first(self, places: list[str], values: Mapping[str, Any]) -> float | None:
        """The first time that stands there as text; None where anything but text comes before."""
        for key in places:
            value = values.get(key)
            if value.__class__ is not str or len(value) > LONGEST:
                return None
            if (time := self._times.of(value)) is not None:
                return time
        return None


class _Plan:
    """Where things stand in events of one layout: `read` gives the kind, then who it is about."""

    _made = 0

    def __init__(
        self, number: int, keys: list[str], about: list[tuple[str, list[int]]], times: list[str]
    ) -> None:
        self.number, self.about, self.times = number, about, times
        self.read = reader(keys)

    @classmethod
    def of(cls, keys: tuple[str, ...]) -> _Plan | None:
        """The plan for documents with these keys; None where they have none."""
        layout = Layout.of(keys)
        if layout is None or (layout.place("date") and layout.place("time")):
            return None
        places = [layout.place(name) or "" for name in KIND]
        about: list[tuple[str, list[int]]] = []
        watched: set[str] = set()
        for name in ENTITY:
            found = []
            for field in FIELDS[name]:
                watched.update(layout.parents(field))
                if (place := layout.place(field)) is not None:
                    found.append(len(places))
                    places.append(place)
            about.append((name, found))
        places += sorted(watched)
        logged = layout.place(LOGGED)
        if logged not in (None, LOGGED):  # with spaces in its name
            return None
        names = time_fields(() if logged is None else (logged,))
        times = [place for name in names if (place := layout.place(name)) is not None]
        cls._made += 1
        return cls(cls._made, places, about, times)
