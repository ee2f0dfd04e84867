"""Scheduled hunts of `vedette run`: each when it is due, its windows in order and none left out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from engine.correlate.value import moment
from engine.errors import Problem, StateError
from engine.hunt.model import Hunt, Span, width
from engine.hunt.reader import Reader
from engine.hunt.type import Memory
from engine.moment import iso, parse_time
from engine.ports import Checkpoint, Ledger, Note, StateStore, Written
from vedette.hunts import Hunter
from vedette.schedule import Ticks, Window, windows

log = logging.getLogger("vedette.hunts")

VERSION = 1
"""Of a hunt's checkpoint."""

PREFIX = "hunt:"
"""Before a hunt's id, the name that its checkpoint lies under; no source's name has a colon."""

SKIPPED = "hunt-window-skipped"
"""The kind of the problem, and of the note, that windows were left out."""


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
    """A scheduled hunt as a unit of work, to be run whenever it is `due`.

    The first window begins when the hunt is looked at for the first time. Windows that ended
    longer ago than `catch_up` are left out, and that is told and noted in the ledger; the others
    are run one after the other. A failure leaves the mark where it is, and the window is run again.
    With `until_idle` nothing is due any more once all that was over has been run. `claim` makes
    its state this instance's.
    """

    def __init__(
        self,
        hunt: Hunt,
        reader: Reader,
        hunter: Hunter,
        state: StateStore,
        *,
        ledger: Ledger | None = None,
        catch_up: timedelta = timedelta(days=1),
        claim: Callable[[Iterable[str], int], None] | None = None,
    ) -> None:
        assert hunt.schedule is not None
        self.hunt = hunt
        self.ticks = Ticks(hunt.schedule, hunt.rule.file)
        self._key = PREFIX + hunt.rule.id
        self._reader, self._hunter, self._state, self._ledger = reader, hunter, state, ledger
        self._catch_up, self._claim = catch_up, claim
        self.until_idle = False
        self.windows, self.written = 0, Written()
        """What it has done so far."""
        self._mark: Mark | None = None
        self._due: datetime | None = hunter.clock()

    @property
    def name(self) -> str:
        """The name that it is known by, the same in every instance."""
        return f"hunt {self.hunt.rule.id}"

    def take_up(self, token: int) -> None:
        """It is this instance's from now on, under this fencing token."""
        if self._claim:
            self._claim([self._key], token)
        self.drop()

    def drop(self) -> None:
        """Forget what is in memory; the mark is looked up again."""
        self._mark = None
        self._due = self._hunter.clock()

    def due(self) -> datetime | None:
        """When it is run next; None when nothing is left, ever."""
        return self._due

    def run(self, stop: Callable[[], bool]) -> None:
        """Run the windows that are over, if any is, each stored before the next begins.

        Raises what the reader, the sink and the state store raise; the mark is then where the
        last whole window ended.
        """
        mark = self._mark = self._mark or self._stored()
        until = self._hunter.clock() - self.hunt.delay
        for window in self._wanted(mark, until):
            if stop():
                return
            self._one(window, mark)
        self._due = None if self.until_idle else self.ticks.after(mark.until) + self.hunt.delay

    def _stored(self) -> Mark:
        """The mark that is stored; at the first time one is stored at once, so that it lasts."""
        saved = self._state.load(self._key)
        if saved is not None:
            return Mark.of(saved, self.hunt)
        mark = Mark((self._hunter.clock() - self.hunt.delay).astimezone(UTC).replace(microsecond=0))
        self._state.commit(self._key, mark.save(self.hunt.content), {})
        return mark

    def _wanted(self, mark: Mark, until: datetime) -> list[Window]:
        """The windows to run, the latest of those that are over; the others are told of."""
        found = list(windows(self.ticks, mark.until, until))
        kept = [window for window in found if window.end > until - self._catch_up]
        if not kept and found:  # one at least is run: it may be longer than that
            kept = found[-1:]
        if skipped := found[: len(found) - len(kept)]:
            self._tell(skipped[0].start, skipped[-1].end, len(skipped))
        return kept

    def _tell(self, start: datetime, end: datetime, count: int) -> None:
        """Say and note that windows are left out; raises `StateError` where it cannot be noted."""
        reason = (
            f"{count:,} windows from {iso(start)} to {iso(end)} ended too long ago and are not run"
        )
        title = self.hunt.rule.title
        if self._ledger is not None:
            note = Note(SKIPPED, self._key, start, end, count, reason=reason, subject=title)
            self._ledger.record([note])
        self._hunter.report(Problem(SKIPPED, f"{title}: {reason}", self.hunt.rule.file))

    def _one(self, window: Window, mark: Mark) -> None:
        """Run a window, store its alerts, then move the mark."""
        span = Span.of(window.start, window.end)
        ran = self._hunter.run(
            self.hunt, span, self._reader, mark.memory, lookback=width(self.hunt.lookback)
        )
        moved = Mark(window.end, ran.outcome.memory)
        self._state.commit(self._key, moved.save(self.hunt.content), {})
        mark.until, mark.memory = moved.until, moved.memory
        written = ran.written
        self.windows += 1
        self.written.add(written)
        log.log(
            logging.INFO if written.created or written.dead else logging.DEBUG,
            "hunt %s: %s to %s, %d alerts new, %d already there, %d dead letters",
            self.hunt, iso(moment(span.start)), iso(moment(span.end)),
            written.created, written.existing, written.dead,
        )  # fmt: skip
