"""Asking every source again and again, until told to stop or until nothing new is left."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from engine.errors import VedetteError
from engine.ports import Batch, Written
from engine.run import Pipeline
from vedette.said import of_error, said
from vedette.wiring import Feed

log = logging.getLogger("vedette.run")

LONGEST_BACK_OFF = timedelta(minutes=5)
FAILURES_UNTIL_IDLE = 5
"""Failures in a row of one source after which `until_idle` gives up."""


class Changes(Protocol):
    """Rules that may change meanwhile: `vedette.reload.Reload`, or a test's."""

    @property
    def interval(self) -> float | None:
        """Seconds from one look to the next; None where nobody has to look."""
        ...

    def look(self) -> None:
        """Have what changed adopted, if it is time to look."""
        ...


class Flag(Protocol):
    """How a run is told to end: `vedette.stop.Stop`, `threading.Event`, or a test's."""

    def is_set(self) -> bool:
        """Whether to end."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait for it so many seconds at most, or until woken; tells whether it came."""
        ...


@dataclass(slots=True)
class Turn:
    """When a source is next asked, and how it went so far."""

    feed: Feed
    due: datetime
    failures: int = 0
    idle: bool = False
    events: int = 0
    failure: VedetteError | None = field(default=None)


def follow(
    feeds: Sequence[Feed],
    pipeline: Pipeline,
    stop: Flag,
    clock: Callable[[], datetime],
    *,
    until_idle: bool = False,
    after: Callable[[Batch, Written], None] | None = None,
    changes: Changes | None = None,
) -> list[Turn]:
    """Poll each source on its interval; returns how each of them stands at the end.

    A failure of one source moves nothing and is tried again after a growing pause, while the
    others go on. `until_idle` ends when a poll that covers the present as it was at the start
    found nothing new in any source, or a source has failed too often (its `failure` is set).
    `changes` are looked for before each poll, after each batch, and while waiting.
    """
    after = _looking(changes, after)
    began = clock()
    turns = [Turn(feed, began) for feed in feeds]
    while not stop.is_set():
        waiting = [turn for turn in turns if not turn.idle]
        if not waiting:
            break
        turn = min(waiting, key=lambda turn: turn.due)
        if _wait(turn.due, stop, clock, changes):
            break
        asked = clock()
        read = _poll(turn, pipeline, stop, after)
        turn.due = clock() + _pause(turn)
        if not until_idle or stop.is_set():
            continue
        if turn.failures >= FAILURES_UNTIL_IDLE or (
            read == 0 and not turn.failures and asked - turn.feed.lag >= began
        ):
            turn.idle = True
        elif not turn.failures:
            turn.due = max(clock(), min(turn.due, began + turn.feed.lag))
    return turns


def _looking(
    changes: Changes | None, after: Callable[[Batch, Written], None] | None
) -> Callable[[Batch, Written], None] | None:
    """What is to be called after each batch, so that changes are looked for there too."""
    if changes is None:
        return after

    def both(batch: Batch, written: Written) -> None:
        if after:
            after(batch, written)
        changes.look()

    return both


def _wait(
    due: datetime, stop: Flag, clock: Callable[[], datetime], changes: Changes | None
) -> bool:
    """Wait until a poll is due, looking for changes meanwhile; tells whether to end."""
    left = max(0.0, (due - clock()).total_seconds())
    if changes is None:
        return stop.wait(left)
    while True:
        step = left if changes.interval is None else min(left, changes.interval)
        if stop.wait(step):
            return True
        changes.look()
        left = (due - clock()).total_seconds()
        if left <= 0:
            return False


def _poll(
    turn: Turn,
    pipeline: Pipeline,
    stop: Flag,
    after: Callable[[Batch, Written], None] | None,
) -> int:
    name = turn.feed.source.name
    try:
        read = pipeline.drain(turn.feed.source, tags=turn.feed.tags, stop=stop.is_set, after=after)
    except VedetteError as error:
        turn.failures += 1
        turn.failure = error
        log.error(
            "source %s: %s (failure %d in a row)", name, error, turn.failures,
            extra=said("source-failed", vedette__source=name,
                       vedette__failures=turn.failures, **of_error(error)),
        )  # fmt: skip
        return 0
    if turn.failures:
        log.info(
            "source %s: answers again after %d failures", name, turn.failures,
            extra=said("source-recovered", vedette__source=name),
        )  # fmt: skip
    turn.failures, turn.failure = 0, None
    turn.events += read
    if read:
        totals = pipeline.totals.written
        log.info(
            "source %s: %d events read; alerts so far: %d new, %d already there, %d dead letters",
            name, read, totals.created, totals.existing, totals.dead,
            extra=said("source-read", vedette__source=name, vedette__events=read,
                       vedette__alerts__new=totals.created,
                       vedette__alerts__existing=totals.existing,
                       vedette__alerts__dead=totals.dead),
        )  # fmt: skip
        if pipeline.tuner and pipeline.tuner.counts.told:
            log.info("source %s: tuning so far: %s", name, pipeline.tuner.counts)
    return read


def _pause(turn: Turn) -> timedelta:
    """The interval, or after failures a pause that doubles, with jitter."""
    if not turn.failures:
        return turn.feed.interval
    base = max(turn.feed.interval, timedelta(seconds=1))
    pause: timedelta = min(LONGEST_BACK_OFF, base * 2 ** min(turn.failures - 1, 10))
    jitter: float = random.uniform(0.5, 1.0)  # noqa: S311 # no secret
    return pause * jitter
