"""Names for events that have no id of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.ids import content_hash, occurrence_id
from engine.ports import Record, StateStore


def at_once() -> None:
    """Nothing is being stored that has to be waited for."""


class Numbering:
    """Names events without an id by content and occurrence, going on from what is committed.

    Only events that match a rule need a name; since equal events match equally, counting those
    alone gives the same numbers as counting all.
    """

    def __init__(
        self,
        source: str,
        state: StateStore,
        pending: Mapping[str, int],
        landed: Callable[[], None] = at_once,
    ) -> None:
        """`landed` is called before the store is asked: what is on its way there counts too."""
        self._source, self._state, self._landed = source, state, landed
        self.totals: dict[str, int] = dict(pending)
        """New occurrence totals by content hash, to be committed with a checkpoint."""

    def name_of(self, record: Record) -> str:
        """The event's id: its content's hash and which of the equal ones it is."""
        digest = content_hash(record.document)
        if digest not in self.totals:
            self._landed()
            known = self._state.occurrences(self._source, [digest])
            self.totals[digest] = known.get(digest, 0)
        self.totals[digest] += 1
        return occurrence_id(digest, self.totals[digest])
