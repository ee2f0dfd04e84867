"""Rules that change while `vedette run` is running: live with the next batch."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol

from engine.errors import VedetteError
from engine.rule import RuleSet, Selection
from vedette.footprint import Footprint, footprint
from vedette.said import of_error, said

log = logging.getLogger("vedette.run")


class Rules(Protocol):
    """Rules that can be looked at again: `engine.library.Library`, or a pipeline's view of one."""

    @property
    def others(self) -> Sequence[Path]:
        """The files that count besides those under the paths."""
        ...

    def refresh(self, *, keep: bool = False) -> bool:
        """Look at the files again; whether anything is new."""
        ...

    def select(self, select: Selection) -> RuleSet:
        """The rules as they were at the last look, and which of them are wanted."""
        ...


class Reload:
    """Looks at the rule folders each `interval` seconds, and has changed rules adopted.

    Without an interval it looks only when asked. `adopt` is given all rules that are live from
    now on. A rule that is wrong now stays as it was; what is wrong with it is logged, once. With
    `strict` nothing changes while any rule is wrong.
    """

    def __init__(
        self,
        library: Rules,
        paths: Sequence[Path],
        select: Selection,
        adopt: Callable[[RuleSet], None],
        *,
        interval: float | None,
        strict: bool = False,
        live: RuleSet | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        whose: str = "",
        before: Footprint | None = None,
    ) -> None:
        """`whose` is said before the rules, where there are several pipelines.

        `before` is how the paths were just before they were loaded: as long as they are so, the
        first look need not read them again.
        """
        self.interval, self._whose = interval, whose
        self._library, self._paths, self._select = library, tuple(paths), select
        self._adopt, self._strict = adopt, strict
        self._clock, self._wall = clock, wall
        self._told = {str(e) for e in (*live.refused, *live.warnings)} if live else set()
        self.heard: Callable[[RuleSet, bool], None] | None = None
        """Told of each change that was looked at: the rules, and whether they were adopted."""
        self._asked = False
        self._failed: str | None = None
        self._next = clock()
        self._last = before
        if interval is not None:
            import_module("engine.compile")  # now, and not when a change waits to be live

    def ask(self) -> None:
        """Look at the next chance, whatever the interval; safe in a signal handler."""
        self._asked = True

    def look(self) -> None:
        """Have what changed adopted, if it is time to look. To be called between batches."""
        asked, self._asked = self._asked, False
        if not asked and (self.interval is None or self._clock() < self._next):
            return
        try:
            self._look(asked=asked)
        except VedetteError as error:
            if asked or str(error) != self._failed:
                log.error(
                    "rules cannot be loaded again, and stay as they were: %s", error,
                    extra=said("rules-unchanged", **of_error(error)),
                )  # fmt: skip
            self._failed, self._last = str(error), None
        if self.interval is not None:
            self._next = self._clock() + self.interval

    def _look(self, *, asked: bool) -> None:
        seen = footprint([*self._paths, *self._library.others], self._wall())
        known = self._last is not None and seen.seen == self._last.seen and not self._last.fresh
        self._last = seen
        if known and not asked:
            return
        changed = self._library.refresh(keep=True)
        self._failed = None
        if not changed:
            if asked:
                log.info(
                    "%srules: looked at again, and nothing has changed",
                    self._whose,
                    extra=said("rules-unchanged"),
                )
            return
        rules = self._library.select(self._select)
        self._tell(rules)
        adopted = False
        if rules.refused and self._strict:
            log.error(
                "rules.strict: all rules stay as they were until none is refused",
                extra=said("rules-unchanged"),
            )
        elif not len(rules):
            log.error(
                "%sno rule is left to run: all rules stay as they were",
                self._whose,
                extra=said("rules-unchanged"),
            )
        else:
            self._adopt(rules)
            adopted = True
            log.info(
                "%srules: %s", self._whose, _words(rules),
                extra=said("rules-changed", vedette__rules=len(rules)),
            )  # fmt: skip
        if self.heard:
            self.heard(rules, adopted)

    def _tell(self, rules: RuleSet) -> None:
        """Name what is wrong now and was not before."""
        for error in rules.refused:
            if str(error) not in self._told:
                log.error("rule refused: %s", error, extra=said("rule-refused", **of_error(error)))
        for error in rules.warnings:
            if str(error) not in self._told:
                log.warning("%s", error, extra=said("tuning-warning", **of_error(error)))
        self._told = {str(error) for error in (*rules.refused, *rules.warnings)}
        for title in rules.kept:
            log.warning("stays as it was: %s", title, extra=said("rule-kept"))


def _words(rules: RuleSet) -> str:
    parts = [f"{len(rules):,} live from now on"]
    if rules.kept:
        parts.append(f"{len(rules.kept):,} of them as they were before")
    if rules.refused:
        parts.append(f"{len(rules.refused):,} refused")
    return ", ".join(parts)
