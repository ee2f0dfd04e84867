"""A match as correlations keep it: when, which event, what of it counts, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Key = tuple[int, str, int, str]
"""The place of a hit in the order of events."""


class Ref(NamedTuple):
    """An event that took part: its id, where it is, and the rule that it matched."""

    id: str
    origin: str
    line: int | None
    rule: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One match in one group of one correlation.

    `time` is in microseconds since 1970. `by` is the event that made it: the event itself, or
    for a correlation that is correlated again the event that completed it; `id` is then that
    alert's. `places` are the places of the matched rules among those the correlation lists,
    `since` the first event of those behind it,
    `values` what is counted or measured, `total` the number of events that stand behind it,
    `fields` what a correlation over this one may ask of it.
    """

    time: int
    by: str
    id: str
    places: tuple[int, ...]
    values: tuple[Any, ...]
    refs: tuple[Ref, ...]
    total: int
    depth: int
    since: int
    fields: Mapping[str, Sequence[Any]] | None = None

    @property
    def key(self) -> Key:
        """Orders hits by time, then by the event, an event before the alerts it completes."""
        return (self.time, self.by, self.depth, self.id)

    def save(self) -> list[Any]:
        """The hit as JSON values."""
        return [
            self.time, self.by, self.id, list(self.places), list(self.values),
            [list(ref) for ref in self.refs], self.total, self.depth, self.since, self.fields,
        ]  # fmt: skip

    @classmethod
    def restored(cls, saved: Sequence[Any]) -> Hit:
        """The hit that was saved."""
        time, by, id, places, values, refs, total, depth, since, fields = saved
        known = tuple(Ref(*ref) for ref in refs)
        return cls(time, by, id, tuple(places), tuple(values), known, total, depth, since, fields)
