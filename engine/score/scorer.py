"""What a pipeline asks of whatever scores its events; this file needs no model and no NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from engine.detect import Match
from engine.event import Event
from engine.kinds import LogSource
from engine.ports import Alert, Record
from engine.rule import Rule
from engine.score.figures import Figures


class Placed(NamedTuple):
    """Where an event belongs: who it is about, and its time in seconds since 1970."""

    entity: str
    time: float


class Scorer(Protocol):
    """Sees every event of a pipeline, and makes alerts of windows that are strange.

    It never raises because of a model: one that fails is told as a problem, and left out.
    """

    changed: bool
    """Whether there is state that was not saved yet."""

    @property
    def lasting(self) -> bool:
        """Whether it has state to be kept; in a hunt everything waits for `finish`."""
        ...

    def see(
        self,
        record: Record,
        event: Callable[[], Event],
        now: datetime,
        tags: LogSource | None = None,
    ) -> Placed | None:
        """Take one event in; None for one that has no window (no time, too late, the future).

        `event` normalises the record, with these `tags`, once for all who ask.
        """
        ...

    def matched(
        self, placed: Placed, record: Record, identity: str, matches: Sequence[Match]
    ) -> None:
        """Rules matched an event that was seen; `identity` is its id."""
        ...

    def together(self, events: Iterable[Event], rule: Rule) -> None:
        """A correlation came true; `events` are those behind it that are at hand."""
        ...

    def watch(self, names: Iterable[str], now: datetime) -> None:
        """These sources will be read: none is overtaken before it had its turn."""
        ...

    def advance(self, source: str | None, now: datetime) -> list[Alert]:
        """The alerts of all windows that are over by now; `source` has just brought a batch."""
        ...

    def finish(self, now: datetime) -> list[Alert]:
        """The alerts of all windows: there will be no more events."""
        ...

    def reset(self) -> None:
        """Begin anew, as if nothing had come."""
        ...

    def figures(self) -> Sequence[Figures]:
        """What each model has done so far."""
        ...

    def save(self) -> dict[str, Any]:
        """The whole state as JSON values; `changed` is false after it."""
        ...

    def restore(self, saved: Mapping[str, Any], now: datetime) -> None:
        """Go on from a saved state."""
        ...
