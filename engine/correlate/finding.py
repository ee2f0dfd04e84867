"""What a correlation found in a window, for an alert to say."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.correlate.condition import Number
from engine.correlate.hit import Hit
from engine.correlate.rule import Correlation


@dataclass(frozen=True, slots=True)
class Capped:
    """A limit has bitten: which one, how much it allows, and how much came as far as is known."""

    what: str
    limit: int
    total: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A window that satisfied its correlation, or one that a limit has cut.

    `group` holds the folded values that name the group, `shown` the same as the last event wrote
    them. `time` is that of the event that completes the window, `by` that event's id; `known` is
    when it could be known, later than `time` where the window had to be over. `hits` are the
    window's matches in order, `suppressed` the number of times that the condition held since the
    group's last alert.
    """

    correlation: Correlation
    group: tuple[str, ...]
    shown: tuple[str, ...]
    time: int
    known: int
    by: str
    hits: tuple[Hit, ...] = ()
    value: Number | None = None
    evicted: int = 0
    suppressed: int = 0
    capped: Capped | None = None
    documents: tuple[tuple[str, str], ...] = field(default=())
    """Id and JSON text of the source events that are still at hand."""

    @property
    def total(self) -> int:
        """How many events stand behind it, as far as is known."""
        return sum(hit.total for hit in self.hits) + self.evicted
