"""What is demanded of lines with dotted names, so that they are like a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from engine.ecs import ECS, MADE, READ
from engine.match.demands import Demands, Fixed, Key, Made
from engine.match.guard import WRAPPERS
from engine.match.judge import Judge
from engine.nesting import ECS_SHAPE, Nesting, Source
from engine.normalise import ENVELOPES, WINLOGBEAT


def nested(
    judge: Judge,
    absent: Sequence[str],
    nesting: Nesting,
    channels: Sequence[str],
    numbers: Sequence[str | int],
) -> tuple[Demands, Fixed] | None:
    """The demands, and what lines must have there: one of some channels, and the event id.

    None where lines like the document cannot be judged.
    """
    found = _Nested(nesting)
    if any(nesting.has(source) for name in absent for source in nesting.sources(name)):
        return None  # it is routed by more than its identity
    for name in absent:
        found.lack(nesting.sources(name))
    channel, number = found.key("Channel"), found.key("EventID")
    for tests in (*judge.first, *judge.rest):
        found.demands.ask(found.key(tests.field), tests)
    found.whole()
    found.demands.dotted = found.beginnings()
    if not isinstance(channel, tuple) or not isinstance(number, tuple) or found.unclear():
        return None
    return found.demands, {channel: channels, number: numbers}


def _beginnings() -> Iterator[str]:
    """What the names of ECS and of Winlogbeat have before a dot."""
    yield from ("event_data", "user_data")
    names = chain(ECS, READ, ECS_SHAPE, *WINLOGBEAT.values())
    for name in names:
        yield from name.split(".")[:-1]


BEGINNINGS = frozenset(_beginnings())


class _Nested:
    """Collects what is demanded.

    A field has its value where the document has it, or has none.
    """

    def __init__(self, nesting: Nesting) -> None:
        self.demands = demands = Demands()
        self._nesting, self._path = nesting, nesting.path
        for name in ECS_SHAPE:
            self._not_in_data(name)
            if nesting.ecs is None:
                demands.never.add(self._path(name))
        if nesting.ecs is not None:
            demands.listed.add(self._path(nesting.ecs))
        demands.never.update((key,) for key in (*ENVELOPES, *WRAPPERS))
        demands.never.update(self._path(other) for other in nesting.others)
        demands.filled.add(self._path("winlog.channel"))

    def key(self, field: str) -> Key:
        """What gives a field its value; all else that could is demanded to do nothing."""
        sources = self._nesting.sources(field)
        found = [place for place, source in enumerate(sources) if self._nesting.has(source)]
        inside = Source((field if "." in field else self._nesting.inside(field),))
        at = found[0] if found else sources.index(inside)
        self.lack(sources[:at])
        if len(found) > 1 or (found and field in WINLOGBEAT):
            self._require(sources[at])
        else:
            self.lack(sources[at + 1 :])
        return self._reading(field, sources[at])

    def lack(self, sources: Sequence[Source]) -> None:
        """Demand that there is nothing."""
        for source in sources:
            for name in source.names:
                self._not_in_data(name)
                if source.filled:
                    self.demands.empty.add(self._path(name))
                elif self._is_deep(name):
                    self.demands.unseen.add(self._path(name))
                else:
                    self.demands.never.add(self._path(name))

    def _require(self, source: Source) -> None:
        wanted = self.demands.filled if source.filled else self.demands.there
        wanted.update(self._path(name) for name in source.names)

    def _reading(self, field: str, source: Source) -> Key:
        for name in source.names:
            self._not_in_data(name)
        parts = tuple(self._path(name) for name in source.names)
        if field == "ImageLoaded" and source.names == ("file.path",):
            self.demands.listed.add(self._path("event.category"))
            self.demands.never.add(self._path("dll.path"))
        if field not in MADE or source.names != MADE[field]:
            return parts[0]
        if field == "Initiated":
            address = self._nesting.sources("DestinationIp")
            at = next((n for n, place in enumerate(address) if self._nesting.has(place)), 0)
            self.lack(address[:at])
            self._require(address[at])
        return Made(field, source.names, parts)

    def _not_in_data(self, name: str) -> None:
        """A name with dots could stand among the event's data, too."""
        if "." in name and not name.startswith(f"{self._nesting.data}."):
            self.demands.unseen.add(self._path(self._nesting.inside(name)))

    def _is_deep(self, name: str) -> bool:
        data = f"{self._nesting.data}."
        return name.startswith(data) and "." in name[len(data) :]

    def beginnings(self) -> frozenset[str]:
        """What keys with dots begin with that spell one of the paths in another way.

        Mostly the same for all kinds, for what looks for them takes long to make.
        """
        paths = {*self.demands.values(), *self.demands.unseen}
        found = BEGINNINGS.union(self._nesting.others, *(path[:-1] for path in paths))
        return found - self._nesting.dotted

    def whole(self) -> None:
        """Where names are spelled with dots, no object may spell them in another way."""
        demands = self.demands
        for path in (*demands.values(), *demands.unseen):
            if len(path) == 1:
                name = path[0]
                demands.apart.update((name[:at],) for at, char in enumerate(name) if char == ".")

    def unclear(self) -> bool:
        """Whether something would have to be a value and an object, or spelled in two ways."""
        leading = set(self.demands.leading())
        parts = {part for path in (*leading, *self.demands.unseen) for part in path[1:]}
        return not (
            leading.isdisjoint(self.demands.values()) and parts.isdisjoint(self._nesting.dotted)
        )
