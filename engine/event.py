"""An event in the one shape that rules read: flat Sigma field names over the source's record."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from engine.json_text import MAX_LEVELS, json_text
from engine.match.predicates import Scalar
from engine.moment import parse_time
from engine.ports import Record

TIME_FIELDS = (
    "SystemTime", "UtcTime", "@timestamp", "TimeCreated", "eventTime", "TimeGenerated",
    "event.created", "timestamp", "ts", "time", "EventTime", "date",
)  # fmt: skip
"""Where an event's own time is looked for, best first: its maker's clock, then its shipper's."""

LOGGED = "TimeCreated"
"""When the log took an event in, which every event of a Windows log has."""
OF_SYSMON = "UtcTime"
LOGGED_FIELDS = (*(name for name in TIME_FIELDS if name != OF_SYSMON), OF_SYSMON)

TIMES = frozenset(TIME_FIELDS)
"""All that an event's time is told by; W3C's `date` and `time` are among them."""


def time_fields(names: Container[str]) -> tuple[str, ...]:
    """Where the time of an event with fields of these names is looked for, best first.

    A collector that mistakes the zone is hours off in all logs of a host, and only Sysmon says UTC
    besides: where the log's own time is there, it counts, so that one host has one clock.
    """
    return LOGGED_FIELDS if LOGGED in names else TIME_FIELDS


class Event:
    """A record with its normalised fields.

    `fields` maps flat Sigma names to a scalar, None, or a list of scalars; see
    `engine.normalise`. Values are read through `values`, which leaves nulls out.
    """

    __slots__ = ("_time", "_values", "fields", "record")

    def __init__(self, record: Record, fields: Mapping[str, Any]) -> None:
        self.record = record
        self.fields = fields
        self._values: dict[str, tuple[Scalar, ...]] = {}
        self._time: datetime | bool | None = False

    @property
    def time(self) -> datetime | None:
        """When the event happened, UTC; None when it does not say."""
        if isinstance(self._time, bool):
            texts = (value for name in self.time_fields for value in self.values(name))
            found = (parse_time(text) for text in chain(self._w3c_time(), texts))
            self._time = next((time for time in found if time is not None), None)
        return self._time

    @property
    def time_fields(self) -> tuple[str, ...]:
        """Where its time is looked for, best first."""
        return time_fields(self.record.document if LOGGED not in self.fields else self.fields)

    def _w3c_time(self) -> tuple[str, ...]:
        """W3C logs write `date` and `time` apart, in UTC."""
        date, time = self.values("date"), self.values("time")
        return (f"{date[0]} {time[0]}",) if date and time else ()

    def values(self, field: str) -> tuple[Scalar, ...]:
        """The field's values without nulls; empty when it is missing or null.

        A name that stands for an object in the source (`requestParameters`), or for an array of
        objects, has the JSON of each as its values, so that a rule may search in it.
        """
        known = self._values.get(field)
        if known is None:
            known = self._values[field] = self._read(field)
        return known

    def _read(self, field: str) -> tuple[Scalar, ...]:
        if field in self.fields:
            value = self.fields[field]
            if isinstance(value, list):
                return tuple(item for item in value if item is not None)
            return () if value is None else (value,)
        document = self.record.document
        if field not in document and "." not in field:
            return ()
        found = _objects(document, field, MAX_LEVELS)
        return tuple(json_text(item) for item in found)

    def first(self, *names: str) -> Any:
        """The first value of the first field that has one, or None."""
        for name in names:
            values = self.values(name)
            if values:
                return values[0]
        return None

    def every_value(self) -> Iterator[Scalar]:
        """All values of all fields but our own labels: what a keyword is searched in."""
        for name, value in self.fields.items():
            if name.startswith("logsource."):
                continue
            if isinstance(value, list):
                yield from (item for item in value if item is not None)
            elif value is not None:
                yield value


def _objects(document: Any, path: str, levels: int) -> Iterator[Mapping[str, Any]]:
    """The objects that a dotted path leads to, through arrays; names may have dots in them."""
    if isinstance(document, list):
        for item in document:
            yield from _objects(item, path, levels)
        return
    if not isinstance(document, Mapping) or not levels:
        return
    found = document.get(path)
    if isinstance(found, Mapping):
        yield found
    elif isinstance(found, list):
        yield from (item for item in found if isinstance(item, Mapping))
    dot = path.find(".")
    while dot >= 0:
        inner = document.get(path[:dot])
        if inner is not None:
            yield from _objects(inner, path[dot + 1 :], levels - 1)
        dot = path.find(".", dot + 1)
