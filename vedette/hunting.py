"""Scheduled hunts of `vedette run`: each when it is due, its windows in order and none left out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.correlate.value import moment
from engine.errors import LeaseError, Problem, StateError, VedetteError
from engine.hunt.model import Hunt, Span, width
from engine.hunt.reader import Reader
from engine.hunt.type import Memory
from engine.moment import iso, parse_time
from engine.ports import Actions, Checkpoint, Ledger, Note, StateStore, Written
from engine.tune.keep import state_in, with_state
from engine.tune.tuner import Tuner
from vedette.hunts import SOURCE, Hunter
from vedette.said import said
from vedette.schedule import Ticks, Window, windows

log = logging.getLogger("vedette.hunts")

VERSION = 1
"""Of a hunt's checkpoint."""

SKIPPED = "hunt-window-skipped"
"""The kind of the problem, and of the note, that windows were left out."""


@dataclass(slots=True)
class Mark:
    """Where a hunt got to: the end of its last window, and what it remembers.

    `content` says of which form of the hunt the memory is; `tuning` is what was decided of its
    alerts, if the tuning asks for anything.
    """

    until: datetime
    memory: Memory = field(default_factory=dict)
    content: str = ""
    tuning: Mapping[str, Any] | None = None

    def save(self) -> Checkpoint:
        """The mark as a checkpoint."""
        saved: dict[str, Any] = {
            "version": VERSION, "until": iso(self.until), "content": self.content,
            "memory": self.memory,
        }  # fmt: skip
        return saved if self.tuning is None else with_state(saved, self.tuning)

    def remembered(self, hunt: Hunt) -> Memory:
        """What it remembers for a hunt: nothing for one that was changed."""
        return self.memory if self.content == hunt.content else {}

    @classmethod
    def of(cls, saved: Checkpoint, hunt: Hunt) -> Mark:
        """The mark that was saved. Raises `StateError`."""
        until = parse_time(saved.get("until"))
        memory = saved.get("memory")
        if saved.get("version") != VERSION or until is None or not isinstance(memory, Mapping):
            raise StateError(f"the mark of hunt {hunt.rule.title!r} cannot be read",
                             expected=f"version {VERSION}")  # fmt: skip
        return cls(until, dict(memory), str(saved.get("content", "")), state_in(saved))


@dataclass(frozen=True, slots=True)
class Work:
    """A hunt as it is now, where it reads, when it is due, and the tuning of its alerts."""

    hunt: Hunt
    reader: Reader
    ticks: Ticks
    tuner: Tuner | None = None

    @classmethod
    def of(cls, hunt: Hunt, reader: Reader, tuner: Tuner | None = None) -> Work:
        """The work of a hunt that has a schedule. Raises `RuleError`."""
        return cls(hunt, reader, Ticks.of(hunt), tuner)


class HuntUnit:
    """A scheduled hunt as a unit of work, to be run whenever it is `due`.

    The first window begins when the hunt is looked at for the first time. Windows that ended
    longer ago than `catch_up` are left out, and that is told and noted in the ledger; the others
    are run one after the other. A failure leaves the mark where it is, and the window is run again.
    With `until_idle` nothing is due any more once all that was over has been run. `claim` makes
    its state this instance's. What the tuning holds back is told to `actions`.
    """

    def __init__(
        self,
        work: Work,
        hunter: Hunter,
        state: StateStore,
        *,
        ledger: Ledger | None = None,
        actions: Actions | None = None,
        catch_up: timedelta = timedelta(days=1),
        claim: Callable[[Iterable[str], int], None] | None = None,
    ) -> None:
        self.work = work
        self._key = SOURCE + work.hunt.rule.id
        self._hunter, self._state, self._ledger, self._actions = hunter, state, ledger, actions
        self._catch_up, self._claim = catch_up, claim
        self.until_idle = False
        self.windows, self.written = 0, Written()
        """What it has done so far."""
        self.failures = 0
        """Runs that came to no end so far."""
        self.error = ""
        """Why the latest run came to no end; empty where it did."""
        self._mark: Mark | None = None
        self._seen = work
        self._due: datetime | None = hunter.clock()

    @property
    def name(self) -> str:
        """The name that it is known by, the same in every instance."""
        return f"hunt {self.hunt.rule.id}"

    @property
    def title(self) -> str:
        """What it is called in the log."""
        return f"hunt {self.hunt}"

    @property
    def until(self) -> datetime | None:
        """The end of its last window; None while this instance does not work on it."""
        return None if self._mark is None else self._mark.until

    @property
    def hunt(self) -> Hunt:
        """The hunt as it is now."""
        return self.work.hunt

    @property
    def hunter(self) -> Hunter:
        """What runs it."""
        return self._hunter

    def adopt(self, work: Work) -> None:
        """Go on with another form of the same hunt from its next window on; for any thread."""
        self.work = work

    def take_up(self, token: int) -> None:
        """It is this instance's from now on, under this fencing token."""
        if self._claim:
            self._claim([self._key], token)
        self.drop()

    def drop(self) -> None:
        """Forget what is in memory; the mark is looked up again."""
        self._mark = None
        self.error = ""
        self._due = self._hunter.clock()

    def due(self) -> datetime | None:
        """When it is run next, at once after a change; None when nothing is left, ever."""
        return self._due if self._seen is self.work else self._hunter.clock()

    def run(self, stop: Callable[[], bool]) -> None:
        """Run the windows that are over, if any is, each stored before the next begins.

        Raises what the reader, the sink and the state store raise; the mark is then where the
        last whole window ended.
        """
        try:
            self._run(stop)
        except LeaseError:  # another instance's now: no failure
            raise
        except VedetteError as error:
            self.failures += 1
            self.error = str(error)
            raise
        self.error = ""

    def _run(self, stop: Callable[[], bool]) -> None:
        work = self._seen = self.work
        mark = self._mark = self._mark or self._stored(work.hunt)
        until = self._hunter.clock() - work.hunt.delay
        for window in self._wanted(work, mark, until):
            if stop() or work is not self.work:
                return
            self._one(work, window, mark)
        self._due = None if self.until_idle else work.ticks.after(mark.until) + work.hunt.delay

    def _stored(self, hunt: Hunt) -> Mark:
        """The mark that is stored; at the first time one is stored at once, so that it lasts."""
        saved = self._state.load(self._key)
        if saved is not None:
            return Mark.of(saved, hunt)
        until = (self._hunter.clock() - hunt.delay).astimezone(UTC).replace(microsecond=0)
        mark = Mark(until, content=hunt.content)
        self._state.commit(self._key, mark.save(), {})
        return mark

    def _wanted(self, work: Work, mark: Mark, until: datetime) -> list[Window]:
        """The windows to run, the latest of those that are over; the others are told of."""
        found = list(windows(work.ticks, mark.until, until))
        kept = [window for window in found if window.end > until - self._catch_up]
        if not kept and found:  # one at least is run: it may be longer than that
            kept = found[-1:]
        if skipped := found[: len(found) - len(kept)]:
            self._tell(work.hunt, skipped[0].start, skipped[-1].end, len(skipped))
        return kept

    def _tell(self, hunt: Hunt, start: datetime, end: datetime, count: int) -> None:
        """Say and note that windows are left out; raises `StateError` where it cannot be noted."""
        reason = (
            f"{count:,} windows from {iso(start)} to {iso(end)} ended too long ago and are not run"
        )
        title = hunt.rule.title
        if self._ledger is not None:
            note = Note(SKIPPED, self._key, start, end, count, reason=reason, subject=title)
            self._ledger.record([note])
        self._hunter.report(Problem(SKIPPED, f"{title}: {reason}", hunt.rule.file))

    def _one(self, work: Work, window: Window, mark: Mark) -> None:
        """Run a window, store its alerts, then what was held back, then move the mark."""
        span, hunt = Span.of(window.start, window.end), work.hunt
        ran = self._hunter.run(
            hunt, span, work.reader, mark.remembered(hunt), lookback=width(hunt.lookback),
            tuner=work.tuner, saved=mark.tuning, actions=self._actions,
        )  # fmt: skip
        moved = Mark(window.end, ran.outcome.memory, hunt.content, ran.tuning)
        self._state.commit(self._key, moved.save(), {})
        mark.until, mark.memory = moved.until, moved.memory
        mark.content, mark.tuning = moved.content, moved.tuning
        written = ran.written
        self.windows += 1
        self.written.add(written)
        log.log(
            logging.INFO if written.created or written.dead else logging.DEBUG,
            "hunt %s: %s to %s, %d alerts new, %d already there, %d dead letters",
            hunt, iso(moment(span.start)), iso(moment(span.end)),
            written.created, written.existing, written.dead,
            extra=said("hunt-run", vedette__hunt=str(hunt), vedette__alerts__new=written.created,
                       vedette__alerts__existing=written.existing,
                       vedette__alerts__dead=written.dead),
        )  # fmt: skip
