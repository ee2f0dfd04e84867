"""Scheduled hunts of `vedette run`: each when it is due, its windows in order and none left out."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Thread

from engine.correlate.value import moment
from engine.errors import Problem, StateError, VedetteError
from engine.hunt.model import Hunt, Span, width
from engine.hunt.reader import Reader
from engine.hunt.type import Memory
from engine.moment import iso, parse_time
from engine.ports import Checkpoint, StateStore
from vedette.hunts import Hunter
from vedette.schedule import Ticks, Window, windows

log = logging.getLogger("vedette.hunts")

VERSION = 1
"""Of a hunt's checkpoint."""

PREFIX = "hunt:"
"""Before a hunt's id, the name that its checkpoint lies under; no source's name has a colon."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=5)
"""Of the pauses after failures, which double."""


@dataclass(slots=True)
class Mark:
    """Where a hunt got to: the end of its last window, and what it remembers."""

    until: datetime
    memory: Memory = field(default_factory=dict)

    def save(self, content: str) -> Checkpoint:
        """The mark as a checkpoint; `content` says of which form of the hunt."""
        return {
            "version": VERSION, "until": iso(self.until), "content": content, "memory": self.memory
        }  # fmt: skip

    @classmethod
    def of(cls, saved: Checkpoint, hunt: Hunt) -> Mark:
        """The mark that was saved; of a hunt that was changed, without what it remembered."""
        until = parse_time(saved.get("until"))
        memory = saved.get("memory")
        if saved.get("version") != VERSION or until is None or not isinstance(memory, Mapping):
            raise StateError(f"the mark of hunt {hunt.rule.title!r} cannot be read",
                             expected=f"version {VERSION}")  # fmt: skip
        return cls(until, dict(memory) if saved.get("content") == hunt.content else {})


class HuntUnit:
    """A scheduled hunt as a unit of work: `name`, when it is `due`, and `run`.

    The first window begins when the unit is made for the first time. Windows that ended longer
    ago than `catch_up` are left out, and that is told (`hunt-window-skipped`); the others are run
    one after the other. A failure leaves the mark where it is, and the window is run again.
    """

    def __init__(
        self,
        hunt: Hunt,
        reader: Reader,
        hunter: Hunter,
        state: StateStore,
        *,
        catch_up: timedelta = timedelta(days=1),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        assert hunt.schedule is not None
        self.hunt, self.name = hunt, PREFIX + hunt.rule.id
        self.ticks = Ticks(hunt.schedule, hunt.rule.file)
        self.failures = 0
        self.failure: VedetteError | None = None
        self.due = hunter.clock()
        self._reader, self._hunter, self._state = reader, hunter, state
        self._catch_up, self._jitter = catch_up, jitter

    def run(self, stop: Callable[[], bool]) -> int:
        """Run the windows that are over; returns how many. `due` then says when the next one is.

        Raises nothing: what fails is logged, and tried again after a growing pause.
        """
        done = 0
        try:
            mark = self._mark()
            until = self._hunter.clock() - self.hunt.delay
            for window in self._wanted(mark, until):
                if stop():
                    return done
                self._one(window, mark)
                done += 1
        except VedetteError as error:
            self.failures += 1
            self.failure = error
            self.due = self._hunter.clock() + self._pause()
            log.error("hunt %s: %s (failure %d in a row)", self.hunt, error, self.failures)
            return done
        if self.failures:
            log.info("hunt %s: answers again after %d failures", self.hunt, self.failures)
        self.failures, self.failure = 0, None
        self.due = self.ticks.after(mark.until) + self.hunt.delay
        return done

    def _mark(self) -> Mark:
        """The mark that is stored; at the first time one is stored at once, so that it lasts."""
        saved = self._state.load(self.name)
        if saved is not None:
            return Mark.of(saved, self.hunt)
        mark = Mark((self._hunter.clock() - self.hunt.delay).astimezone(UTC).replace(microsecond=0))
        self._state.commit(self.name, mark.save(self.hunt.content), {})
        return mark

    def _wanted(self, mark: Mark, until: datetime) -> list[Window]:
        """The windows to run, the latest of those that are over; the others are told of."""
        found = list(windows(self.ticks, mark.until, until))
        kept = [window for window in found if window.end > until - self._catch_up]
        if not kept and found:  # one at least is run: it may be longer than that
            kept = found[-1:]
        if skipped := len(found) - len(kept):
            first, last = found[0], found[skipped - 1]
            self._hunter.report(
                Problem(
                    "hunt-window-skipped",
                    f"{self.hunt}: {skipped:,} windows from {iso(first.start)} to {iso(last.end)} "
                    "ended too long ago and are not run",
                    self.hunt.rule.file,
                )
            )
        return kept

    def _one(self, window: Window, mark: Mark) -> None:
        """Run a window, store its alerts, then move the mark."""
        span = Span.of(window.start, window.end)
        ran = self._hunter.run(
            self.hunt, span, self._reader, mark.memory, lookback=width(self.hunt.lookback)
        )
        mark.until, mark.memory = window.end, ran.outcome.memory
        self._state.commit(self.name, mark.save(self.hunt.content), {})
        written = ran.written
        log.log(
            logging.INFO if written.created or written.dead else logging.DEBUG,
            "hunt %s: %s to %s, %d alerts new, %d already there, %d dead letters",
            self.hunt, iso(moment(span.start)), iso(moment(span.end)),
            written.created, written.existing, written.dead,
        )  # fmt: skip

    def _pause(self) -> timedelta:
        pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self.failures - 1, 10))
        return pause * (0.5 + self._jitter() / 2)


STEP = 0.5
"""Seconds from one look at the wish to end to the next."""


def work(
    units: Sequence[HuntUnit],
    stop: Callable[[], bool],
    clock: Callable[[], datetime],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Run each unit when it is due, the most overdue first, until told to stop."""
    while units and not stop():
        unit = min(units, key=lambda each: each.due)
        left = (unit.due - clock()).total_seconds()
        if left > 0:
            pause(min(left, STEP))
        else:
            unit.run(stop)


def beside(
    units: Sequence[HuntUnit], stop: Callable[[], bool], clock: Callable[[], datetime]
) -> Thread | None:
    """A thread that works beside the sources, so that a slow hunt does not hold them up."""
    if not units:
        return None
    thread = Thread(target=work, args=(units, stop, clock), name="hunts", daemon=True)
    thread.start()
    return thread
