"""What evaluating a batch comes to, so that it can be stored while the next one is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from engine.ledger import Note
from engine.ports import Action, Alert, Batch, Checkpoint, Written


@dataclass(frozen=True, slots=True)
class Evaluated:
    """All that is to be stored of a batch: a snapshot, which evaluating the next one leaves alone.

    `checkpoint` is the batch's with the state that belongs to it, `numbers` are the occurrence
    totals that are committed with it.
    """

    name: str
    batch: Batch
    alerts: Sequence[Alert]
    notes: Sequence[Note]
    actions: Sequence[Action]
    checkpoint: Checkpoint | None
    numbers: Mapping[str, int]


Store = Callable[[Evaluated], Written]


class Flight:
    """At most one batch that is being stored meanwhile, so that batches are stored in order.

    Without `meanwhile` each is stored at once. What storing raised is raised by `land`, or by
    `begin` where nothing is done meanwhile.
    """

    def __init__(self, meanwhile: Executor | None) -> None:
        self._meanwhile = meanwhile
        self._under_way: tuple[Batch, Future[Written]] | None = None
        self._stored: list[tuple[Batch, Written]] = []

    def begin(self, store: Store, evaluated: Evaluated) -> None:
        """Have a batch stored, after the one before it."""
        self.land()
        if self._meanwhile is None:
            self._stored.append((evaluated.batch, store(evaluated)))
        else:
            self._under_way = evaluated.batch, self._meanwhile.submit(store, evaluated)

    def land(self) -> None:
        """Wait until nothing is being stored."""
        if self._under_way is not None:
            (batch, future), self._under_way = self._under_way, None
            self._stored.append((batch, future.result()))

    def stored(self) -> list[tuple[Batch, Written]]:
        """The batches that were stored since the last time, in order, and what became of each."""
        stored, self._stored = self._stored, []
        return stored
