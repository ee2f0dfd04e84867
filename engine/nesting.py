"""Where the values of Sigma fields stand in Winlogbeat's and Elastic Agent's documents.

Such a document has objects in objects (`winlog.event_data.Image`), or the same names with dots. A
field may have its value in several places, of which the first that is there counts. Which that is
hangs on what else the document has; all places, in the order of their rank, are told here.

`engine.normalise` says what is right: the places are those that it looks in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.ecs import ECS, MADE
from engine.normalise import ALIASES, DATA, ENVELOPES, WINLOGBEAT, flattened, normalise
from engine.ports import Record

Path = tuple[str, ...]
"""The keys that lead to a value, from the outermost."""

ECS_SHAPE = ("ecs.version", "event.category", "agent.type")
"""A document with one of these means its names as ECS does."""


class Source(NamedTuple):
    """A place in which a field may have its value; several names where they make it together.

    `filled` says that a null there is as good as nothing, and the next place counts.
    """

    names: tuple[str, ...]
    filled: bool = False


class Nesting:
    """How a document of a Windows event with dotted names is made, as others of its kind may be.

    `channel` and `number` are its channel and event id; `data` is where it has the event's data,
    and `others` where it could have it, too; `ecs` is the name by which it is seen to speak ECS;
    `dotted` are the first parts of names that it spells with dots, not as objects.
    """

    def __init__(self, document: Mapping[str, Any], fields: Mapping[str, Any], data: str) -> None:
        self._fields = fields
        self._objects = {key for key, value in document.items() if isinstance(value, dict)}
        self.dotted = {key.partition(".")[0] for key in document if "." in key}
        self.data = data
        self.others = tuple(other for other in DATA if other != data)
        self.ecs = next((name for name in ECS_SHAPE if name in fields), None)
        named = normalise(Record(document, "")).fields
        self.channel, self.number = named.get("Channel"), named.get("EventID")

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Nesting | None:
        """That of a document; None when its events must be normalised each."""
        if not ENVELOPES.isdisjoint(document):
            return None
        fields = flattened(document)
        if fields.get("winlog.channel") is None:
            return None
        used = [data for data in DATA if any(name.startswith(f"{data}.") for name in fields)]
        if len(used) > 1 or not all(data.startswith("winlog.") for data in used):
            return None
        nesting = cls(document, fields, used[0] if used else DATA[0])
        return None if nesting._objects & nesting.dotted else nesting

    def path(self, name: str) -> Path:
        """Where a name's value stands, in the way in which the document spells its first part."""
        dotted = not self._objects or name.partition(".")[0] in self.dotted
        return (name,) if dotted else tuple(name.split("."))

    def has(self, source: Source) -> bool:
        """Whether the document has a value in a place."""
        if source.filled:
            return any(self._fields.get(name) is not None for name in source.names)
        return any(name in self._fields for name in source.names)

    def inside(self, name: str) -> str:
        """What a name is called among the event's data."""
        return f"{self.data}.{name}"

    def sources(self, field: str) -> list[Source]:
        """All places in which a field's value may stand, by rank."""
        found = [Source((field,))]
        found += (Source((name,), filled=True) for name in WINLOGBEAT.get(field, ()))
        found.append(Source((self.inside(field),)))
        for name in ALIASES.get(field, ()):
            found += (Source((name,)), Source((self.inside(name),)))
        return found + list(self._ecs_sources(field)) if self.ecs else found

    def _ecs_sources(self, field: str) -> Iterator[Source]:
        for name, others in ECS.items():
            if field in others:
                yield Source((name,), filled=True)
        if field == "ImageLoaded" and self.number == 7:
            yield Source(("file.path",), filled=True)
        if field == "PipeName" and self.number in (17, 18):
            yield Source(("file.name",), filled=True)
        if field in MADE:
            yield Source(MADE[field], filled=field != "Initiated")
