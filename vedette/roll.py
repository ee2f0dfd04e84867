"""The hunts of a run as their files are now: new ones begin, changed ones go on, others end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import VedetteError
from engine.hunt.model import Hunt
from engine.hunt.shelf import HuntShelf
from engine.rule import Rule
from engine.tune.entries import Tuning
from vedette.footprint import Footprint, footprint
from vedette.hunting import HuntUnit, Work
from vedette.libraries import Libraries, Shared
from vedette.said import of_error, said

log = logging.getLogger("vedette.hunts")


class Roll:
    """Looks at hunt files, and at the tuning of their alerts, each `interval` seconds.

    Without an interval it looks only when asked. `wants` says which hunts are run; `work` makes
    of one what is done, with the tuning as it is then, and raises `VedetteError` where it cannot
    be run; `unit` makes a unit of that. A hunt that is wrong now stays as it was; what is wrong is
    logged, once. `libraries` have the exceptions that lie among rules; all of them look at their
    files again when anything has changed.
    """

    def __init__(
        self,
        shelf: HuntShelf,
        libraries: Libraries,
        wants: Callable[[Hunt], bool],
        work: Callable[[Hunt, Tuning | None], Work],
        unit: Callable[[Work], HuntUnit],
        *,
        interval: float | None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.interval = interval
        self._shelf, self._libraries = shelf, libraries
        self._wants, self._work, self._unit = wants, work, unit
        self._clock, self._wall = clock, wall
        self._told: set[str] = set()
        self._units: dict[str, HuntUnit] = {}
        self._made: dict[str, Hunt] = {}
        self._asked = False
        self._failed: str | None = None
        self._next = clock()
        self._last: Footprint | None = None
        self._tuning = libraries.tuning()
        self._enrol()

    @property
    def units(self) -> tuple[HuntUnit, ...]:
        """The hunts that run on their schedules, as they were at the last look."""
        return tuple(self._units.values())

    def ask(self) -> None:
        """Look at the next chance, whatever the interval; safe in a signal handler."""
        self._asked = True

    def look(self) -> None:
        """Have what changed adopted, if it is time to look. Nothing is raised: it is logged."""
        asked, self._asked = self._asked, False
        if not asked and (self.interval is None or self._clock() < self._next):
            return
        try:
            self._look()
        except VedetteError as error:
            if str(error) != self._failed:
                log.error(
                    "hunts cannot be loaded again, and stay as they were: %s", error,
                    extra=said("hunts-unchanged", **of_error(error)),
                )  # fmt: skip
            self._failed, self._last = str(error), None
        if self.interval is not None:
            self._next = self._clock() + self.interval

    def _look(self) -> None:
        watched: list[Path] = [*self._shelf.paths, *self._libraries.paths]
        seen = footprint(watched, self._wall())
        known = self._last is not None and seen.seen == self._last.seen and not self._last.fresh
        self._last = seen
        if known:
            return
        with Shared.lock:  # Sigma in hunts is compiled too
            changed = self._shelf.refresh()
            self._libraries.besides[:] = rules_of(self._shelf.hunts.hunts)
        tuned = self._libraries.refresh()
        self._failed = None
        if tuned:
            self._tuning = self._libraries.tuning()
            self._made.clear()  # every hunt goes on with the new tuning
        if changed or tuned:
            self._enrol()
        if changed:
            kept = len(self._shelf.kept)
            as_before = f", {kept:,} of them as they were before" if kept else ""
            log.info(
                "hunts: %d run on their schedules from now on%s", len(self._units), as_before,
                extra=said("hunts-changed"),
            )  # fmt: skip

    def _enrol(self) -> None:
        """Make the units those of the hunts that load and are wanted."""
        problems: list[VedetteError] = list(self._shelf.hunts.refused)
        wanted = {hunt.rule.id: hunt for hunt in self._shelf.hunts.hunts if self._wants(hunt)}
        for id, hunt in wanted.items():
            if self._made.get(id) is hunt:
                continue
            try:
                work = self._work(hunt, self._tuning)
            except VedetteError as error:
                problems.append(error)
                continue
            self._made[id] = hunt
            if id in self._units:
                self._units[id].adopt(work)
            else:
                self._units[id] = self._unit(work)
        for id in [id for id in self._units if id not in wanted]:
            del self._units[id]
            self._made.pop(id, None)
        self._tell(problems)

    def _tell(self, problems: Sequence[VedetteError]) -> None:
        """Name what is wrong now and was not before."""
        for error in problems:
            if str(error) not in self._told:
                log.error("hunt refused: %s", error, extra=said("hunt-refused", **of_error(error)))
        self._told = {str(error) for error in problems}
        for hunt in self._shelf.kept:
            log.warning(
                "stays as it was: %s: %s", hunt.rule.file, hunt, extra=said("hunt-kept")
            )  # fmt: skip


def rules_of(hunts: Sequence[Hunt]) -> list[Rule]:
    """What exceptions may be for, of hunts: themselves, and the rules that they bring."""
    return [rule for hunt in hunts for rule in (hunt.rule, *hunt.type.rules())]
