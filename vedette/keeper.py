"""Keeping the leases: signs of life on time, however long a batch takes."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from engine.errors import VedetteError
from engine.lease import Board, Tenant
from engine.ports import Leases
from vedette.said import said

log = logging.getLogger("vedette.run")

RACES = 10
"""How often in a row another instance may write the board first before it is an error."""

REMINDER = 60.0
"""Seconds from one word to the next about leases that cannot be kept."""


class Keeper:
    """A thread that shows that this instance lives, and takes and gives up units.

    While the board cannot be reached, what is owned stays owned for its time to live, counted
    from before the last sign of life that is known to have arrived.
    """

    def __init__(self, tenant: Tenant, leases: Leases) -> None:
        self.ttl = tenant.me.ttl
        self._tenant, self._leases = tenant, leases
        self._lock = threading.Lock()
        self._poked = threading.Event()
        self._ending = False
        self._failing: str | None = None
        self._told = 0.0
        self._board = Board()
        self._woken: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)

    def start(self, woken: Callable[[], None]) -> None:
        """Give the first sign of life, and go on giving it."""
        self._woken = woken
        self._beat()
        self._thread.start()

    def token(self, unit: str) -> int | None:
        """The token under which a unit is owned now, None when it is not."""
        with self._lock:
            return self._tenant.token(unit)

    def owner(self, unit: str) -> str | None:
        """The other instance that had a unit when the board was last read."""
        lease = self._board.leases.get(unit)
        return lease.owner if lease and lease.owner != self._tenant.name else None

    def surplus(self, unit: str) -> bool:
        """Whether another instance should have it."""
        return unit in self._tenant.surplus

    def enlist(self, unit: str) -> None:
        """Be able to have a unit, from the next sign of life on."""
        with self._lock:
            self._tenant.enlist(unit)
        self._poked.set()

    def release(self, unit: str, *, for_good: bool = False) -> None:
        """Give a unit up at once."""
        with self._lock:
            self._tenant.release(unit)
            if for_good:
                self._tenant.retire(unit)
        self._poked.set()

    def outbid(self, unit: str, token: int) -> None:
        """Ask for a greater token than the one that its state was found under."""
        with self._lock:
            self._tenant.outbid(unit, token)
        self._poked.set()

    def end(self) -> None:
        """Leave the board, so that others follow at once; without it they wait."""
        self._ending = True
        self._poked.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._tenant.leaving = True
        self._beat()

    def _keep(self) -> None:
        while not self._ending:
            pause = self._tenant.pause / (3 if self._failing else 1)
            self._poked.wait(pause * random.uniform(0.9, 1.0))  # noqa: S311 # no secret
            self._poked.clear()
            if not self._ending:
                self._beat()
                self._woken()

    def _beat(self) -> None:
        try:
            self._turn()
        except VedetteError as error:
            self._tell(str(error))
        except Exception:  # the thread must go on, and says what happened
            log.exception("leases: an error that nobody foresaw")
            self._failing = "unforeseen"
        else:
            if self._failing:
                log.info("leases: kept again", extra=said("leases-kept"))
            self._failing = None

    def _turn(self) -> None:
        for race in range(RACES):
            seen = self._leases.read()
            with self._lock:
                board = self._tenant.turn(seen.board)
            if self._leases.replace(board, seen):
                with self._lock:
                    self._tenant.wrote(board)
                self._board = board
                return
            self._poked.wait(random.uniform(0, 0.02 * (race + 1)))  # noqa: S311 # no secret
        raise VedetteError(f"another instance wrote first {RACES} times in a row")

    def _tell(self, error: str) -> None:
        now = time.monotonic()
        if not self._failing or now - self._told > REMINDER:
            self._told = now
            log.error(
                "leases cannot be kept: %s; tried again, and what is owned stays so for %.0f s "
                "after the last sign of life", error, self.ttl, extra=said("leases-failing"),
            )  # fmt: skip
        self._failing = error
