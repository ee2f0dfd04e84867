"""The way through the house: records in, alerts stored, then the checkpoint moved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.alert import AlertMaker
from engine.correlate.correlator import Correlator
from engine.correlate.document import alert as correlation_alert
from engine.correlate.finding import Finding
from engine.correlate.keep import newest, with_state, without_state
from engine.detect import Detector, Match
from engine.evaluated import Evaluated, Flight
from engine.event import Event
from engine.kinds import LogSource
from engine.lease import Board
from engine.ledger import Ledger, Note, Recorder
from engine.normalise import normalise
from engine.numbering import Numbering
from engine.ports import (
    Action,
    Actions,
    Alert,
    Batch,
    Checkpoint,
    Look,
    Record,
    Seen,
    Sink,
    Source,
    StateStore,
    Written,
)
from engine.pushed import Pushed
from engine.score import keep as scored
from engine.score.scorer import Placed, Scorer
from engine.tune import keep as tuned
from engine.tune.tuner import CORRELATED, Tuner

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Totals:
    """What a run has done so far."""

    events: int = 0
    outside: int = 0
    """Events outside the time bounds, or without a time when bounds are set."""
    matched: int = 0
    written: Written = field(default_factory=Written)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Only events from `start` (inclusive) to `end` (exclusive) are evaluated."""

    start: datetime | None = None
    end: datetime | None = None

    def admit(self, event: Event) -> bool:
        """Whether the event's time is inside; one without a time is not inside any bounds."""
        if self.start is None and self.end is None:
            return True
        time = event.time
        if time is None:
            return False
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)


class Pipeline:
    """A set of rules over a source, and where its alerts and checkpoints go."""

    def __init__(
        self,
        detector: Detector,
        maker: AlertMaker,
        sink: Sink,
        state: StateStore,
        clock: Clock,
        *,
        bounds: Bounds | None = None,
        correlator: Correlator | None = None,
        sources: Sequence[str] = (),
        ledger: Ledger | None = None,
        recorder: Recorder | None = None,
        tuner: Tuner | None = None,
        actions: Actions | None = None,
        scorer: Scorer | None = None,
        meanwhile: Executor | None = None,
        stored: Recorder | None = None,
    ) -> None:
        """`sources` names all that will be drained: where the correlations' state is kept.

        What batches have to note goes to the `ledger`, with the problems that the `recorder`
        has counted; it is what the parts of this pipeline and its sources report to. `actions`
        take in what the tuner holds back; without them it is only counted. The `scorer` sees
        every event, also those that no rule is asked about.

        `meanwhile` does one thing at a time: while batches are read and evaluated it stores
        those before. Sink, ledger, actions and state are then used by its thread and, whenever
        nothing is being stored, by that of the pipeline; what the sink reports goes to a recorder
        of its own, `stored`.
        """
        self.detector = detector
        self.maker = maker
        self.sink = sink
        self.state = state
        self.clock = clock
        self.bounds = bounds or Bounds()
        self._screened = self.bounds == Bounds()  # else every event's time must be looked at
        self._changed = False
        """Whether rules were changed in this poll: what its source was told before is outdated."""
        self.totals = Totals()
        self._pending: dict[str, dict[str, int]] = {}
        """Occurrence totals by source that wait for a checkpoint to be committed with."""
        self.correlator = correlator
        self.tuner = tuner
        self.actions = actions
        self._sources = tuple(sources)
        self.scorer = scorer
        self._scores = scored.Keeper(scorer, state, sources, clock) if scorer else None
        self.ledger = ledger
        self.recorder, self.stored = recorder, stored
        self._flight = Flight(meanwhile)
        self.fill: Callable[[Source, LogSource | None, Callable[[], bool]], int] | None = None
        """Called after each whole poll to work on gaps; gives the number of events read."""
        self.unscored: Sequence[str] = ()
        """Models that score the run and not this pipeline, for which it says so."""
        self._saved: int | None = None
        """The number of the state last saved; None before it was looked for."""
        self._kept: Mapping[str, Any] | None = None
        """That state."""

    def drain(
        self,
        source: Source,
        *,
        tags: LogSource | None = None,
        stop: Callable[[], bool] | None = None,
        after: Callable[[int, Written], None] | None = None,
    ) -> int:
        """Evaluate all that is new in a source; returns the number of events read.

        A batch's checkpoint is committed only after its alerts are stored; then `after` is told
        how many events it had, at the latest when a few more were evaluated. `stop` is asked after
        each batch whether to end when it is stored. Raises what the source, the sink or the state
        store raises; batches committed before that stay so, and none is after one that failed.
        """
        self._resume(source.name)
        try:
            return self._drain(source, tags, stop, after)
        except BaseException:
            self._forget(source.name)
            raise

    def _drain(
        self,
        source: Source,
        tags: LogSource | None,
        stop: Callable[[], bool] | None,
        after: Callable[[int, Written], None] | None,
    ) -> int:
        read = 0
        self._changed = False
        stored = self.state.load(source.name)
        checkpoint = _plain(stored)
        if self.tuner and not self.tuner.known(source.name):
            self.tuner.restore(source.name, tuned.state_in(stored))
        self._pending.pop(source.name, None)  # what was not committed is read again
        try:
            for batch in source.poll(checkpoint):
                checkpoint = checkpoint or batch.checkpoint
                evaluated = self.evaluate(source.name, batch, tags)
                read += len(batch.records)
                self._flight.begin(self.store, evaluated)
                self._tell(after)
                if stop and stop():
                    return read
        finally:
            self._flight.land()  # nobody may go on before it is known how it went
            self._tell(after)
        if checkpoint is None and (totals := self._pending.pop(source.name, None)):
            self.state.commit(source.name, None, totals)  # it has none, and is read to its end
        self._settle(source.name)
        self._record(source.name, Written())  # problems that came after the last batch
        if self.fill is not None:
            read += self.fill(source, tags, stop or (lambda: False))
        return read

    def look(self, tags: LogSource | None = None) -> Look:
        """What a source may ask of a line before it parses it."""

        def look(line: bytes) -> tuple[Any, ...] | None:
            # with bounds every event's time is asked for
            asked = self._screened and not self._changed
            return self.detector.candidates(line, tags) if asked else None

        return look

    def take(self, name: str, batch: Batch, tags: LogSource | None = None) -> Written:
        """Evaluate one batch, store its alerts, commit its checkpoint."""
        self._flight.land()
        written = self.store(self.evaluate(name, batch, tags))
        self._count(len(batch.records), written)
        return written

    def evaluate(self, name: str, batch: Batch, tags: LogSource | None = None) -> Evaluated:
        """What a batch comes to; nothing is stored.

        Occurrence numbers are committed with a checkpoint alone: an event that will be read
        again must get the same number again.
        """
        self._resume(name)  # rules may have been changed since the drain began
        pending = self._pending.get(name, {})
        numbered = Numbering(name, self.state, pending, self._flight.land)
        alerts: list[Alert] = []
        now = self.clock()
        sure = not (self.scorer or self._changed)
        for record in batch.records:
            if sure and record.candidates == ():
                continue  # most are so
            once = placed = None
            if self.scorer:
                once = Once(record, tags)
                # with bounds, which events they admit is not known yet
                placed = self.scorer.see(record, once, now, tags) if self._screened else None
            alerts.extend(self._alerts(name, record, tags, numbered, once, placed))
        if self.correlator:
            alerts.extend(self._correlated(name, batch, tags))
        if self.scorer:
            alerts.extend(self.scorer.advance(name, now))
        notes = [*batch.notes, *self._problems(self.recorder, name, batch.span)]
        held, checkpoint = self._held(name), batch.checkpoint
        if checkpoint is None:
            self._pending[name] = numbered.totals
        else:
            checkpoint = self._stateful(name, checkpoint)
            self._pending.pop(name, None)
        return Evaluated(
            name, batch.span, alerts, notes, held, checkpoint, numbered.totals, len(batch.records)
        )

    def store(self, evaluated: Evaluated) -> Written:
        """Store what a batch comes to, first its alerts and last its checkpoint.

        What there is to note is recorded before the checkpoint is stored, or the reason for the
        note might be gone with it.
        """
        name, span = evaluated.name, evaluated.span
        written = self.sink.write(evaluated.alerts) if evaluated.alerts else Written()
        self._note([*evaluated.notes, *self._refused(name, span, written)])
        self._act(evaluated.actions)
        if evaluated.checkpoint is not None:
            self.state.commit(name, evaluated.checkpoint, evaluated.numbers)
        return written

    def _tell(self, after: Callable[[int, Written], None] | None) -> None:
        """Count the batches that were stored since the last time, and tell of them."""
        for events, written in self._flight.stored():
            self._count(events, written)
            if after:
                after(events, written)

    def _count(self, events: int, written: Written) -> None:
        self.totals.events += events
        self.totals.written.add(written)

    def _record(self, name: str, written: Written) -> None:
        """Note what has come up since the last batch."""
        problems = self._problems(self.recorder, name, None)
        self._note([*problems, *self._refused(name, None, written)])

    def _problems(
        self, recorder: Recorder | None, name: str, span: tuple[datetime, datetime] | None
    ) -> list[Note]:
        if self.ledger is None or recorder is None:
            return []
        return recorder.taken(name, span, self.clock())

    def _refused(
        self, name: str, span: tuple[datetime, datetime] | None, written: Written
    ) -> list[Note]:
        """What storing alerts has to note."""
        reason = "the store refused the alert for good, and keeps it as a dead letter"
        return self._problems(self.stored, name, span) + [
            Note("dead-letter", name, count=1, reason=reason, subject=identity, state="open")
            for identity in written.dead_ids
        ]

    def _note(self, notes: Sequence[Note]) -> None:
        if self.ledger is not None and notes:
            self.ledger.record(notes)

    def _alerts(
        self,
        name: str,
        record: Record,
        tags: LogSource | None,
        numbered: Numbering,
        once: Once | None,
        placed: Placed | None,
    ) -> list[Alert]:
        candidates = record.candidates
        if self._changed and not isinstance(candidates, Pushed):
            candidates = None
        if candidates is None:
            if self._screened and not self.detector.may_match(record.document, record.raw, tags):
                return []
        elif not candidates:
            return []
        event = once() if once else normalise(record, tags)
        if not self.bounds.admit(event):
            self.totals.outside += 1
            return []
        if self.scorer and once and not self._screened:
            placed = self.scorer.see(record, once, self.clock(), tags)
        if candidates is None:
            matches = self.detector.match(event)
        else:
            matches = self.detector.match_candidates(candidates, event)
        if not matches:
            return []
        self.totals.matched += 1
        identity = record.id or numbered.name_of(record)
        now = self.clock()
        if self.tuner:
            matches = self.tuner.counted(name, matches, now)
        if self.scorer and placed and matches:
            self.scorer.matched(placed, record, identity, matches)
        if self.correlator:
            self.correlator.add(event, identity, matches, now)
        if self.tuner:
            return self._tuned(self.tuner, name, matches, identity, now)
        return [self.maker.make(match, identity, now) for match in matches if match.rule.output]

    def _tuned(
        self, tuner: Tuner, name: str, matches: Iterable[Match], identity: str, now: datetime
    ) -> list[Alert]:
        """The alerts that the tuning lets pass, changed as it wants."""
        alerts = []
        for match in matches:
            id = self.maker.id_of(match, identity)
            if match.rule.output and tuner.passes(name, match, id, now):
                alerts.append(self.maker.make(match, identity, now))
                tuner.adjust(alerts[-1], match)
        return alerts

    def adopt(
        self, detector: Detector, correlator: Correlator | None, tuner: Tuner | None = None
    ) -> None:
        """Go on with other rules; to be called between two batches.

        A correlation that is the same as before goes on from where it was. A source may hold lines
        that it has looked at with the rules before, until its poll ends: all of that is matched
        as if nobody had looked.
        """
        before = self.correlator
        self._changed = True
        self.detector, self.correlator = detector, correlator
        if tuner and self.tuner:
            tuner.take_over(self.tuner)
        self.tuner = tuner
        if before is None or correlator is None:
            self._saved = self._kept = None  # the state, if any, is looked for again
        elif self._saved is not None:
            correlator.take_over(before)

    def finish(self) -> Written:
        """There will be no more events: store what correlations and models find in all of them."""
        written, name = Written(), " ".join(self._sources)
        if self.correlator:
            written.add(self._write(name, self.correlator.finish()))
        if self.scorer:
            written.add(self._store(name, self.scorer.finish(self.clock())))
        if self.tuner:
            written.add(self._store(name, self.tuner.closing(self.clock())))
        return written

    def _correlated(self, name: str, batch: Batch, tags: LogSource | None) -> list[Alert]:
        """What correlations find in all that is certain after a batch."""
        assert self.correlator is not None
        now = self.clock()
        if self.correlator.watermark and batch.records:
            # the last record stands for the batch; those that matched were seen one by one
            self.correlator.saw(name, normalise(batch.records[-1], tags), now)
        return self._made(self.correlator.advance(now))

    def _made(self, findings: Iterable[Finding]) -> list[Alert]:
        now = self.clock()
        made = [(correlation_alert(self.maker, finding, now), finding) for finding in findings]
        tuner = self.tuner
        told = [each for each in made if not tuner or tuner.found(each[1], each[0], now)]
        for _, finding in told if self.scorer else ():
            self._vouch(finding)
        return [alert for alert, _ in told]

    def _vouch(self, finding: Finding) -> None:
        """Tell the models that a correlation came true, with the events that are at hand."""
        if self.scorer and not finding.capped:
            texts = (text for _, text in finding.documents)
            events = [normalise(Record(json.loads(text), "")) for text in texts]
            self.scorer.together(events, finding.correlation.rule)

    def _write(self, name: str, findings: Sequence[Finding]) -> Written:
        written = self._store(name, self._made(findings))
        self._act(self._held(CORRELATED))
        return written

    def _store(self, name: str, alerts: Sequence[Alert]) -> Written:
        written = self.sink.write(alerts) if alerts else Written()
        self._record(name, written)
        self.totals.written.add(written)
        return written

    def _held(self, name: str) -> list[Action]:
        """What was held back of a source, and of what correlations found, since the last time."""
        if self.tuner is None:
            return []
        now, names = self.clock(), dict.fromkeys((name, CORRELATED))
        return [action for each in names for action in self.tuner.actions(each, now)]

    def _act(self, actions: Sequence[Action]) -> None:
        if actions and self.actions:
            self.actions.record(actions)

    def _settle(self, name: str) -> None:
        """After a whole poll: take what has become certain because nothing came for so long."""
        changed = False
        if self.correlator and self.correlator.watermark:
            self._write(name, self.correlator.advance(self.clock()))
            changed = self.correlator.changed
        if self.scorer and self.scorer.lasting:
            self._store(name, self.scorer.advance(None, self.clock()))
            changed = changed or self.scorer.changed
        if self.tuner:
            for each in (name, CORRELATED):
                self._store(name, self.tuner.closing(self.clock(), each))
                changed = changed or self.tuner.changed(each)
        checkpoint = _plain(self.state.load(name)) if changed else None
        if checkpoint is not None:
            self.state.commit(name, self._stateful(name, checkpoint), {})

    def _stateful(self, name: str, checkpoint: Checkpoint) -> Checkpoint:
        """A checkpoint with the state that belongs to it."""
        if self.tuner:
            checkpoint = tuned.with_state(checkpoint, self.tuner.save(name))
        if self._scores:
            checkpoint = self._scores.stateful(checkpoint)
        if self.correlator is None or self.correlator.watermark is None:
            return checkpoint
        found = self.tuner is not None and self.tuner.changed(CORRELATED)
        if self.correlator.changed or found or self._kept is None:
            self._saved = (self._saved or 0) + 1
            self._kept = self.correlator.save()
            if self.tuner:
                self._kept = tuned.with_state(self._kept, self.tuner.save(CORRELATED))
        return with_state(checkpoint, self._saved or 0, self._kept)

    def forget(self) -> None:
        """Go on with what is stored, whoever stored it: nothing in memory counts any more."""
        for name in self._sources:
            self._forget(name)
        self._pending.clear()

    def _forget(self, name: str) -> None:
        """What was not stored will be read again, so correlations go back to what was."""
        if self.tuner:
            self.tuner.forget(name)
        if self._scores:
            self._scores.forget()
        if self.correlator:
            self.correlator.reset()
            self._saved = self._kept = None

    def _resume(self, name: str) -> None:
        """Take up the state that was saved last, once."""
        if self._scores:
            self._scores.resume(name)
        if self.correlator is None or self._saved is not None:
            return
        self._flight.land()  # what it carries may be the newest
        names = self._sources or (name,)
        found = newest(self.state.load(known) for known in names)
        now = self.clock()
        if found and self.correlator.watermark:
            self.correlator.restore(found[1], now)
        if self.tuner:
            self.tuner.restore(CORRELATED, tuned.state_in(found[1]) if found else None)
        self._saved = found[0] if found else 0
        self.correlator.watch(names, now)


class Once:
    """An event, normalised when somebody asks for it, and then not again."""

    __slots__ = ("_event", "_record", "_tags")

    def __init__(self, record: Record, tags: LogSource | None) -> None:
        self._record, self._tags = record, tags
        self._event: Event | None = None

    def __call__(self) -> Event:
        """The event."""
        if self._event is None:
            self._event = normalise(self._record, self._tags)
        return self._event


def _plain(checkpoint: Checkpoint | None) -> Checkpoint | None:
    """A checkpoint as its source wrote it."""
    return tuned.without_state(scored.without_state(without_state(checkpoint)))


class MemoryState:
    """Checkpoints and occurrence numbers of one process, for runs that need not last."""

    def __init__(self) -> None:
        self._checkpoints: dict[str, Checkpoint] = {}
        self._occurrences: dict[tuple[str, str], int] = {}

    def load(self, name: str) -> Checkpoint | None:
        """The checkpoint last committed, or None."""
        return self._checkpoints.get(name)

    def occurrences(self, name: str, hashes: Iterable[str]) -> dict[str, int]:
        """Committed occurrence totals of the hashes."""
        return {h: n for h in hashes if (n := self._occurrences.get((name, h)))}

    def commit(
        self, name: str, checkpoint: Checkpoint | None, occurrences: Mapping[str, int]
    ) -> None:
        """Remember both."""
        if checkpoint is not None:
            self._checkpoints[name] = checkpoint
        self._occurrences.update({(name, h): n for h, n in occurrences.items()})

    def claim(self, names: Iterable[str], token: int) -> None:
        """Nobody else has it."""

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryLeases:
    """A board of one process, which shares nothing and takes nothing from anybody."""

    def __init__(self) -> None:
        self._board = Board()

    def prepare(self) -> None:
        """There is nothing to create."""

    def read(self) -> Seen:
        """What was written last."""
        return Seen(self._board, None)

    def replace(self, board: Board, seen: Seen) -> bool:  # noqa: ARG002 # nobody comes between
        """Remember it."""
        self._board = board
        return True

    def all(self) -> Board:
        """What was written last."""
        return self._board

    def close(self) -> None:
        """Nothing to let go of."""
