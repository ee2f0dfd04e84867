"""Every unit of work in a thread of its own: none delays another, none is silently gone."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from engine.errors import LeaseError, VedetteError
from vedette.follow import FAILURES_UNTIL_IDLE, LONGEST_BACK_OFF, Flag
from vedette.keeper import Keeper
from vedette.said import of_error, said
from vedette.unit import Unit

log = logging.getLogger("vedette.run")

FIRST_PAUSE = 1.0
"""Seconds after the first failure of a unit; doubled with each one that follows."""

FORGIVEN = 600.0
"""Seconds of work after which earlier failures do not count any more."""

LEASELESS = 120.0
"""Seconds after which `until_idle` gives a unit up that nobody has, as leases cannot be kept."""

REMINDER = 10.0
"""Seconds from one word to the next about a batch that the end of a run waits for."""


class Worker:
    """One unit in one thread, for as long as this instance has its lease."""

    def __init__(
        self,
        unit: Unit,
        keeper: Keeper,
        clock: Callable[[], datetime],
        *,
        until_idle: bool,
        done: Callable[[], None],
    ) -> None:
        self.unit, self.keeper, self.clock = unit, keeper, clock
        self.failures = 0
        """Errors in a row that nobody foresaw, or that kept it from being taken up."""
        self.given_up: str | None = None
        """Why it was left undone, with `until_idle`."""
        self._until_idle, self._done = until_idle, done
        self._taken: int | None = None
        self._waited = False
        self._belongs: str | None = None
        """The other instance that was last said to have it."""
        self._asked = self._failed = time.monotonic()
        self._ending = False
        self._event = threading.Event()
        self._thread = threading.Thread(target=self._work, name=unit.name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Have it look whether something is due, or its lease changed."""
        self._event.set()

    def end(self) -> None:
        """Ask it to end after the batch at hand."""
        self._ending = True
        self._event.set()

    def join(self, timeout: float) -> bool:
        """Wait for its end so many seconds; whether it came."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def stopping(self) -> bool:
        """Whether to stop at the next border: the end is wished for, or the lease is not ours."""
        if self._ending or self._taken is None:
            return True
        name = self.unit.name
        return self.keeper.token(name) != self._taken or self.keeper.surplus(name)

    def _work(self) -> None:
        try:
            while not self._ending and self._step():
                pass
        finally:
            self._drop()
            self.keeper.release(self.unit.name, for_good=True)
            self._done()

    def _step(self) -> bool:
        """One round; False when nothing is left to do."""
        try:
            if self.stopping() and not self._take_up():
                return self.given_up is None
            due = self.unit.due()
            if due is None:
                return False
            self._wait((due - self.clock()).total_seconds())
            if not self.stopping():
                self.unit.run(self.stopping)
                self._forgive()
        except LeaseError as error:
            log.warning(
                "%s: %s", self.unit.title, error, extra=said("unit-lost", **of_error(error))
            )
            self._drop()
        except VedetteError as error:
            self._fail(str(error))
        except Exception as error:
            log.exception("%s: an error that nobody foresaw", self.unit.title)
            self._fail(f"{type(error).__name__}: {error}")
        return self.given_up is None

    def _take_up(self) -> bool:
        """Get the unit, or wait for it; False while it is not ours."""
        name = self.unit.name
        surplus = self.keeper.surplus(name)
        if self._taken is not None:
            why = "is given up to an instance that has less" if surplus else "lost its lease"
            level = logging.INFO if surplus else logging.WARNING
            log.log(level, "%s: %s", self.unit.title, why, extra=said("unit-lost"))
            self._drop()
        if surplus:
            self.keeper.release(name)
        token = None if self.keeper.surplus(name) else self.keeper.token(name)
        if token is None:
            self._wait_for_lease()
            return False
        try:
            self.unit.take_up(token)
        except LeaseError as error:
            self.keeper.outbid(name, error.found)
            self._wait(FIRST_PAUSE)
            return False
        if self._waited:
            log.info(
                "%s: is this instance's now, under token %d", self.unit.title, token,
                extra=said("unit-owned"),
            )  # fmt: skip
        self._taken, self._waited, self._belongs = token, False, None
        return True

    def _wait_for_lease(self) -> None:
        """Whoever is dead is followed within two times to live; `until_idle` waits no longer."""
        waited = time.monotonic() - self._asked
        owner = self.keeper.owner(self.unit.name)
        patience = 2 * self.keeper.ttl + FIRST_PAUSE if owner else LEASELESS
        if self._until_idle and waited > patience:
            self.given_up = f"belongs to {owner}" if owner else "its lease cannot be had"
            return
        if owner and owner != self._belongs:
            log.info("%s: belongs to %s", self.unit.title, owner)
        self._waited, self._belongs = True, owner or self._belongs
        self._wait(FIRST_PAUSE)

    def _drop(self) -> None:
        if self._taken is not None:
            self._asked = time.monotonic()
            self._taken = None
            self.unit.drop()

    def _fail(self, error: str) -> None:
        self.failures += 1
        self._failed = time.monotonic()
        self._drop()
        longest = LONGEST_BACK_OFF.total_seconds()
        pause = min(longest, FIRST_PAUSE * 2 ** min(self.failures - 1, 10))
        pause *= random.uniform(0.5, 1.0)  # noqa: S311 # no secret
        if self._until_idle and self.failures >= FAILURES_UNTIL_IDLE:
            self.given_up = error
            return
        log.error(
            "%s: %s (failure %d in a row; again in %.1f s)",
            self.unit.title, error, self.failures, pause,
            extra=said("unit-failed", vedette__failures=self.failures),
        )  # fmt: skip
        end = time.monotonic() + pause
        while not self._ending and (left := end - time.monotonic()) > 0:
            self._wait(left)

    def _forgive(self) -> None:
        if self.failures and time.monotonic() - self._failed > FORGIVEN:
            self.failures = 0

    def _wait(self, seconds: float) -> None:
        if not self._ending:
            self._event.wait(max(0.0, seconds))
            self._event.clear()


class Changing(Protocol):
    """Units that come and go while others work: `vedette.roll.Roll`, or a test's."""

    @property
    def interval(self) -> float | None:
        """Seconds from one look to the next; None where nobody has to look."""
        ...

    @property
    def units(self) -> Sequence[Unit]:
        """Those that are wanted, as they were at the last look."""
        ...

    def look(self) -> None:
        """See what has changed, if it is time to look. Raises nothing."""
        ...


class Crew:
    """The workers: one for each unit that is wanted, and those that came to an end."""

    def __init__(self, make: Callable[[Unit], Worker], keeper: Keeper) -> None:
        self._make, self._keeper = make, keeper
        self.workers: list[Worker] = []

    def add(self, unit: Unit) -> None:
        """Begin with a unit; nothing happens while another of that name is at its end."""
        if any(worker.unit is unit for worker in self.workers):
            return
        if any(worker.alive and worker.unit.name == unit.name for worker in self.workers):
            return
        self._keeper.enlist(unit.name)
        worker = self._make(unit)
        self.workers.append(worker)
        worker.start()

    def follow(self, units: Sequence[Unit], among: set[Unit]) -> None:
        """Begin with units that are new, and end those of `among` that are wanted no more."""
        for worker in self.workers:
            if worker.unit in among and worker.unit not in units:
                worker.end()
        for unit in units:
            among.add(unit)
            self.add(unit)

    def wake(self) -> None:
        """Have all of them look whether something is due."""
        for worker in self.workers:
            worker.wake()

    @property
    def busy(self) -> bool:
        """Whether any of them still works."""
        return any(worker.alive for worker in self.workers)

    def end(self) -> None:
        """Ask all of them to end, and wait until they have."""
        for worker in self.workers:
            worker.end()
        for worker in self.workers:
            while not worker.join(REMINDER):
                log.info("%s: its batch is waited for", worker.unit.name)


def supervise(
    units: Sequence[Unit],
    keeper: Keeper,
    stop: Flag,
    clock: Callable[[], datetime],
    *,
    until_idle: bool = False,
    wake: Callable[[], None] = lambda: None,
    changing: Changing | None = None,
) -> list[Worker]:
    """Run every unit until told to stop, or with `until_idle` until none has anything left.

    Those of `changing` are run besides `units`, as they are at each look. Returns the workers,
    by which can be seen how it went. `wake` wakes whoever waits for `stop`. Leases are given up at
    the end, so that others follow at once.
    """

    def make(unit: Unit) -> Worker:
        return Worker(unit, keeper, clock, until_idle=until_idle, done=wake)

    crew = Crew(make, keeper)
    among: set[Unit] = set()
    watching = changing if changing and not until_idle else None
    pause = min(REMINDER, watching.interval or REMINDER) if watching else REMINDER
    for unit in units:
        keeper.enlist(unit.name)
    for unit in changing.units if changing else ():
        keeper.enlist(unit.name)
    keeper.start(crew.wake)
    try:
        for unit in units:
            crew.add(unit)
        crew.follow(changing.units if changing else (), among)
        while not stop.is_set() and (watching or crew.busy):
            stop.wait(pause)
            if watching:
                watching.look()
                crew.follow(watching.units, among)
            crew.wake()
    finally:
        crew.end()
        keeper.end()
    return crew.workers
