"""The observers there are, and how they are shown a source."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from typing import Protocol

from connectors.files.stamp import Find, find_stamp
from engine.event import Event
from engine.rule import Rule
from vedette.logcheck import observers
from vedette.logcheck.finding import Finding


class Observer(Protocol):
    """Looks at events one by one, in the order in which they come; its memory is bounded."""

    def see(self, event: Event) -> None:
        """Look at one."""
        ...

    def findings(self) -> Iterator[Finding]:
        """What was seen. Called once, when at least one event came."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """What observers may know beside the events: rules, the present, how lines tell times."""

    rules: Sequence[Rule]
    now: datetime
    times: Find = find_stamp


Make = Callable[[Given], Observer]


@dataclass(frozen=True, slots=True)
class Check:
    """An observer by name: the first line of its docstring says what it asks."""

    name: str
    place: int
    make: Make

    @property
    def asks(self) -> str:
        """The question in words."""
        return (self.make.__doc__ or "").strip().splitlines()[0]


_CHECKS: dict[str, Check] = {}


def check(name: str, place: int) -> Callable[[Make], Make]:
    """Register an observer; `place` orders what they say."""

    def register(make: Make) -> Make:
        _CHECKS[name] = Check(name, place, make)
        return make

    return register


def every() -> list[Check]:
    """All observers, in their order."""
    for module in pkgutil.iter_modules(observers.__path__):
        import_module(f"{observers.__name__}.{module.name}")
    return sorted(_CHECKS.values(), key=lambda found: found.place)


def observe(events: Iterable[Event], given: Given) -> tuple[int, list[Finding]]:
    """Show every observer every event; gives how many events came, and what was found."""
    watching = [(each, each.make(given)) for each in every()]
    count = 0
    for event in events:
        count += 1
        for _, observer in watching:
            observer.see(event)
    if not count:
        return 0, []
    found = [
        replace(finding, check=each.name)
        for each, observer in watching
        for finding in observer.findings()
    ]
    return count, found
