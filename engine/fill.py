"""Evaluating a window of time once more, beside a run: backfill, and the filling of gaps.

The window's events go the way of all events, under the same ids, so nothing is stored twice. No
checkpoint moves. Correlations see the window alone, from its beginning to its end, with state of
their own: those of the run neither know nor notice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, runtime_checkable

from engine.errors import SourceError
from engine.kinds import LogSource
from engine.ledger import ENDED, Gap, Ledger, State, gaps
from engine.ports import Batch, Look, Source
from engine.run import Pipeline

EFFORT = 10
"""Batches that are evaluated for gaps after one poll."""
LOOK = timedelta(minutes=1)
"""Pause from one look into the ledger to the next."""
SETTLED = timedelta(minutes=1)
"""How far in the past a gap must end before it is filled: its events are searchable by then."""
ATTEMPTS = 8
"""Failures after which a gap is abandoned; the pause after each is twice the one before."""
FIRST_PAUSE = timedelta(minutes=1)


@runtime_checkable
class Windowed(Protocol):
    """A source that can be asked for a window of time."""

    def window_batches(
        self, start: datetime, end: datetime, look: Look | None = None
    ) -> Iterator[Batch]:
        """All events from `start` to `end` (exclusive), without checkpoints.

        `look` is that of the pipeline that will evaluate them. Raises `SourceError` when an
        answer is not whole.
        """
        ...


Fresh = Callable[[datetime, datetime], Pipeline]
"""Makes a pipeline for a window: the run's rules and sink, and no state but its own."""


def fillable(gap: Gap, now: datetime) -> bool:
    """Whether a gap is one of events, waits to be filled, and is over."""
    end = gap.note.end
    if gap.note.state != "open" or gap.state in ENDED or gap.note.start is None or end is None:
        return False
    return end <= now - SETTLED


class Work:
    """A window on its way through a pipeline."""

    def __init__(
        self, source: Windowed, name: str, start: datetime, end: datetime, fresh: Fresh
    ) -> None:
        self.name, self.events = name, 0
        self.pipeline = fresh(start, end)
        self._read = partial(source.window_batches, start, end)
        self._batches: Iterator[Batch] | None = None

    def step(self, tags: LogSource | None) -> int | None:
        """Evaluate one more batch; the number of its events, None when all are evaluated.

        Raises what the source, the sink and the ledger raise.
        """
        if self._batches is None:
            self._batches = self._read(self.pipeline.look(tags))
        batch = next(self._batches, None)
        if batch is None:
            self.pipeline.finish()
            return None
        self.pipeline.take(self.name, batch, tags)
        self.events += len(batch.records)
        return len(batch.records)

    def finish(self, tags: LogSource | None, stop: Callable[[], bool]) -> bool:
        """Evaluate all of it; False where `stop` ended it before."""
        while self.step(tags) is not None:
            if stop():
                return False
        return True


def unheard(_: str, __: Gap) -> None:
    """Nobody is told."""


@dataclass(slots=True)
class Filler:
    """Fills the gaps of a run's sources, a little after each poll.

    A gap's way is written into the ledger: `filling` when it is begun, `filled`, or `abandoned`
    with the reason. What a process had done of a gap when it ended is done again by the next.
    `told` hears of each such change, with the name of the source.
    """

    ledger: Ledger
    fresh: Fresh
    clock: Callable[[], datetime]
    effort: int = EFFORT
    told: Callable[[str, Gap], None] = unheard
    _gaps: dict[str, list[Gap]] = field(default_factory=dict)
    _looked: dict[str, datetime] = field(default_factory=dict)
    _work: dict[str, tuple[Gap, Work]] = field(default_factory=dict)
    _failures: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def __call__(self, source: Source, tags: LogSource | None, stop: Callable[[], bool]) -> int:
        """Work on the gaps of a source; the number of events read. Raises `SinkError`,
        `StateError`; that the window cannot be read costs the gap an attempt.
        """
        if not isinstance(source, Windowed):
            return 0
        read = 0
        for _ in range(self.effort):
            if stop() or not (source.name in self._work or self._begin(source, source.name)):
                break
            read += self._step(source.name, tags)
        return read

    def _step(self, name: str, tags: LogSource | None) -> int:
        """Evaluate one batch of the gap at hand, or say that it is done."""
        gap, work = self._work[name]
        try:
            events = work.step(tags)
            if events is None:
                self._settle(name, gap, work)
        except SourceError as error:
            self._failed(name, gap, str(error))
            return 0
        except BaseException:
            del self._work[name]
            raise
        return events or 0

    def _begin(self, source: Windowed, name: str) -> bool:
        now = self.clock()
        looked = self._looked.get(name)
        if looked is None or not looked <= now < looked + LOOK:
            self._gaps[name] = gaps(self.ledger.notes(name, gaps=True))
            self._looked[name] = now
        for gap in self._gaps[name]:
            due = self._failures.get(gap.id, (0, now))[1]
            if due <= now and fillable(gap, now):
                new = gap.state == "open"
                begin(self.ledger, gap)
                if new:
                    self.told(name, gap)
                assert gap.note.start is not None
                assert gap.note.end is not None
                work = Work(source, name, gap.note.start, gap.note.end, self.fresh)
                self._work[name] = (gap, work)
                return True
        return False

    def _settle(self, name: str, gap: Gap, work: Work) -> None:
        settle(self.ledger, gap, work)
        self.told(name, gap)
        del self._work[name]
        self._failures.pop(gap.id, None)

    def _failed(self, name: str, gap: Gap, reason: str) -> None:
        del self._work[name]
        count = self._failures.get(gap.id, (0, self.clock()))[0] + 1
        self._failures[gap.id] = (count, self.clock() + FIRST_PAUSE * 2 ** (count - 1))
        if count >= ATTEMPTS:
            change(self.ledger, gap, "abandoned", f"{count} attempts failed, the last: {reason}")
            self.told(name, gap)
            self._failures.pop(gap.id)


def begin(ledger: Ledger, gap: Gap) -> None:
    """Record that a gap is being filled, unless it says so already."""
    if gap.state == "open":
        change(ledger, gap, "filling", "begun")


def settle(ledger: Ledger, gap: Gap, work: Work) -> None:
    """Record that a gap is filled."""
    text = f"{work.events} events evaluated, {work.pipeline.totals.written.created} alerts new"
    text += unscored(work.pipeline)
    change(ledger, gap, "filled", text, work.events)


def unscored(pipeline: Pipeline) -> str:
    """What to add of models that a run has and a window once more has not; empty without any."""
    if not pipeline.unscored:
        return ""
    names = ", ".join(pipeline.unscored)
    return f"; not scored by {names}, whose windows of that time are answered or hold it already"


def change(ledger: Ledger, gap: Gap, state: State, reason: str, count: int | None = None) -> None:
    """Record what became of a gap."""
    note = gap.last.changed(state, gap.changes + 1, reason, count)
    ledger.record([note])
    gap.last, gap.changes = note, note.step
