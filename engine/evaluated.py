"""What evaluating a batch comes to, so that it can be stored while the next ones are evaluated."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from engine.ledger import Note
from engine.ports import Action, Alert, Checkpoint, Written

AHEAD = 3
"""Batches that wait while one is being stored, at most: their alerts, without their records."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """All that is to be stored of a batch: a snapshot, which evaluating the next one leaves alone.

    `span` is the batch's, `checkpoint` too, with the state that belongs to it; `numbers` are the
    occurrence totals that are committed with it, and `events` says how many records there were.
    """

    name: str
    span: tuple[datetime, datetime] | None
    alerts: Sequence[Alert]
    notes: Sequence[Note]
    actions: Sequence[Action]
    checkpoint: Checkpoint | None
    numbers: Mapping[str, int]
    events: int


T = TypeVar("T")

Store = Callable[[Evaluated], Written]
Stored = tuple[int, Written]
"""How many events a batch had, and what became of its alerts."""


def together(some: Sequence[Evaluated]) -> Evaluated:
    """Batches of one source in their order as if they had been one.

    The checkpoint is the last there is; it covers what came before it.
    """
    if len(some) == 1:
        return some[0]
    kept = [each for each in some if each.checkpoint is not None]
    spans = [each.span for each in some if each.span]
    span = (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None
    return Evaluated(
        some[0].name,
        span,
        [alert for each in some for alert in each.alerts],
        [note for each in some for note in each.notes],
        [action for each in some for action in each.actions],
        kept[-1].checkpoint if kept else None,
        {hash: number for each in kept for hash, number in each.numbers.items()},
        sum(each.events for each in some),
    )


class Flight:
    """Batches that are stored meanwhile, in order and one after another.

    What has come to wait when the one before is stored goes together, in as few requests as one
    batch does. Without `meanwhile` each is stored at once. What storing raised is raised by
    `land` or the next `begin`, and what was to be stored after it is not.
    """

    def __init__(self, meanwhile: Executor | None) -> None:
        self._meanwhile = meanwhile
        # what two threads share: each puts in at one end of a deque, or takes out at the other
        self._waiting: deque[Evaluated] = deque()
        self._stored: deque[Stored] = deque()
        self._under_way: deque[Future[None]] = deque()
        self._broken = False
        """Whether one could not be stored."""

    def begin(self, store: Store, evaluated: Evaluated) -> None:
        """Have a batch stored, after those before it; waits while too many do."""
        if self._meanwhile is None:
            self._stored.append((evaluated.events, store(evaluated)))
            return
        self._waiting.append(evaluated)
        self._under_way.append(self._meanwhile.submit(self._next, store))
        while self._under_way and (len(self._waiting) >= AHEAD or self._under_way[0].done()):
            self._under_way.popleft().result()

    def _next(self, store: Store) -> None:
        """Store all that waits; nothing where it went with what was stored before."""
        some = _all(self._waiting)
        if not some or self._broken:
            return
        self._broken = True  # unless it turns out otherwise
        written = store(together(some))
        self._broken = False
        self._stored.extend((each.events, Written()) for each in some[:-1])
        self._stored.append((some[-1].events, written))

    def land(self) -> None:
        """Wait until nothing is being stored and nothing waits."""
        try:
            while self._under_way:
                self._under_way.popleft().result()
        finally:
            for each in self._under_way:
                each.result()  # nothing is stored any more after one that could not be
            self._under_way.clear()
            self._waiting.clear()
            self._broken = False

    def stored(self) -> list[Stored]:
        """The batches that were stored since the last time, in order, and what became of each.

        Of some that went together the last one has it all.
        """
        return _all(self._stored)


def _all(some: deque[T]) -> list[T]:
    """What is there, taken out; more may come meanwhile."""
    return [some.popleft() for _ in range(len(some))]
