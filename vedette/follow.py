"""Asking every source again and again, until told to stop or until nothing new is left."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from engine.errors import LeaseError, VedetteError
from engine.ports import Written
from engine.run import Pipeline
from vedette.said import of_error, said

if TYPE_CHECKING:
    from vedette.feeds import Feed

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


class Rounds:
    """The sources of a pipeline, each asked on its interval, one after another: a `Unit`.

    A failure of one source moves nothing and is tried again after a growing pause, while the
    others go on. With `until_idle` nothing is due any more once a poll that covers the present as
    it was at the start found nothing new in any source, or a source has failed too often (its
    `failure` is set). `changes` are looked for before each poll, after each batch, and at any
    time between that `run` is called. `claim` makes the state of these sources this instance's.
    """

    def __init__(
        self,
        name: str,
        feeds: Sequence[Feed],
        pipeline: Pipeline,
        clock: Callable[[], datetime],
        *,
        until_idle: bool = False,
        after: Callable[[int, Written], None] | None = None,
        changes: Changes | None = None,
        claim: Callable[[Iterable[str], int], None] | None = None,
    ) -> None:
        self.name, self.pipeline = name, pipeline
        self._clock, self._until_idle, self._changes = clock, until_idle, changes
        self._after, self._claim = _looking(changes, after), claim
        self._began = clock()
        self._look_at = self._began
        self.turns = [Turn(feed, self._began) for feed in feeds]

    @property
    def title(self) -> str:
        """What it is called in the log: its name."""
        return self.name

    def take_up(self, token: int) -> None:
        """Claim the sources' state under a lease's token, and go on with what is stored."""
        if self._claim:
            self._claim([turn.feed.source.name for turn in self.turns], token)
        self.pipeline.forget()
        now = self._clock()
        for turn in self.turns:
            turn.due, turn.failures = now, 0

    def drop(self) -> None:
        """Forget what is in memory."""
        self.pipeline.forget()

    def due(self) -> datetime | None:
        """When a source is next asked, or changes are to be looked for; None when all are idle."""
        times = [turn.due for turn in self.turns if not turn.idle]
        if times and self._changes and self._changes.interval is not None:
            times.append(self._look_at)
        return min(times, default=None)

    def run(self, stop: Callable[[], bool]) -> None:
        """Look for changes, and ask the source that has waited longest, if one is due."""
        if self._changes:
            self._changes.look()
            self._look_at = self._clock() + timedelta(seconds=self._changes.interval or 0)
        waiting = [turn for turn in self.turns if not turn.idle]
        turn = min(waiting, key=lambda turn: turn.due, default=None)
        asked = self._clock()
        if turn is None or turn.due > asked:
            return
        read = _poll(turn, self.pipeline, stop, self._after)
        turn.due = self._next(turn, asked)
        if self._until_idle and not stop():
            self._settle(turn, read, asked)

    def _next(self, turn: Turn, asked: datetime) -> datetime:
        """When a source that was asked at that time is asked again.

        The interval is counted from there: the time that a poll takes is not added to how long
        events wait. A failure's pause is one, and a clock that was set back makes none longer.
        """
        now, pause = self._clock(), _pause(turn)
        return now + pause if turn.failures else min(now + pause, max(now, asked + pause))

    def _settle(self, turn: Turn, read: int, asked: datetime) -> None:
        """Whether a source is idle, and if not, when it should be asked to find out."""
        lag = turn.feed.lag
        if turn.failures >= FAILURES_UNTIL_IDLE or (
            read == 0 and not turn.failures and asked - lag >= self._began
        ):
            turn.idle = True
        elif not turn.failures:
            turn.due = max(self._clock(), min(turn.due, self._began + lag))


def follow(
    feeds: Sequence[Feed],
    pipeline: Pipeline,
    stop: Flag,
    clock: Callable[[], datetime],
    *,
    until_idle: bool = False,
    after: Callable[[int, Written], None] | None = None,
    changes: Changes | None = None,
) -> list[Turn]:
    """Do the rounds in this thread until told to stop, or until nothing is due any more.

    Returns how each source stands at the end.
    """
    rounds = Rounds(
        "pipeline", feeds, pipeline, clock, until_idle=until_idle, after=after, changes=changes
    )
    while not stop.is_set() and (due := rounds.due()) is not None:
        if stop.wait(max(0.0, (due - clock()).total_seconds())):
            break
        rounds.run(stop.is_set)
    return rounds.turns


def _looking(
    changes: Changes | None, after: Callable[[int, Written], None] | None
) -> Callable[[int, Written], None] | None:
    """What is to be called after each batch, so that changes are looked for there too."""
    if changes is None:
        return after

    def both(events: int, written: Written) -> None:
        if after:
            after(events, written)
        changes.look()

    return both


def _poll(
    turn: Turn,
    pipeline: Pipeline,
    stop: Callable[[], bool],
    after: Callable[[int, Written], None] | None,
) -> int:
    name, began = turn.feed.source.name, time.monotonic()
    try:
        read = pipeline.drain(turn.feed.source, tags=turn.feed.tags, stop=stop, after=after)
    except LeaseError:
        raise  # no failure of the source: all of them are another instance's now
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
        totals, took = pipeline.totals.written, time.monotonic() - began
        log.info(
            "source %s: %d events read in %.2f s; "
            "alerts so far: %d new, %d already there, %d dead letters",
            name, read, took, totals.created, totals.existing, totals.dead,
            extra=said("source-read", vedette__source=name, vedette__events=read,
                       event__duration=round(took * 1e9),
                       vedette__alerts__new=totals.created,
                       vedette__alerts__existing=totals.existing,
                       vedette__alerts__dead=totals.dead),
        )  # fmt: skip
        if pipeline.tuner and pipeline.tuner.counts.told:
            log.info("source %s: tuning so far: %s", name, pipeline.tuner.counts)
        for figures in pipeline.scorer.figures() if pipeline.scorer else ():
            log.info("source %s: %s", name, figures)
    return read


def _pause(turn: Turn) -> timedelta:
    """The interval, or after failures a pause that doubles, with jitter."""
    if not turn.failures:
        return turn.feed.interval
    base = max(turn.feed.interval, timedelta(seconds=1))
    pause: timedelta = min(LONGEST_BACK_OFF, base * 2 ** min(turn.failures - 1, 10))
    jitter: float = random.uniform(0.5, 1.0)  # noqa: S311 # no secret
    return pause * jitter
