"""What batches and problems have to note is recorded before a checkpoint moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.alert import AlertMaker, Execution
from engine.detect import Detector
from engine.errors import Problem, Problems, StateError
from engine.ledger import MemoryLedger, Note, Recorder
from engine.ports import Alert, Batch, Checkpoint, Record, Written
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog

T0 = datetime(2026, 1, 1, tzinfo=UTC)
NOTE = Note("late", "logs", T0, T0 + timedelta(hours=1), 2)


class Sink:
    """Buries what it is given."""

    def prepare(self) -> None:
        pass

    def write(self, alerts: Sequence[Alert]) -> Written:
        return Written(dead=len(alerts), dead_ids=[alert.id for alert in alerts])

    def close(self) -> None:
        pass


class Source:
    name = "logs"

    def __init__(self, *batches: Batch, report: Any = None) -> None:
        self.batches, self.report = batches, report

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        for batch in self.batches:
            if self.report:
                self.report(Problem("rule-timeout", "slow", file="r.yml"))
                self.report(Problem("rule-cache", "of no interest"))
            yield batch

    def close(self) -> None:
        pass


def pipeline(state: MemoryState, ledger: Any, recorder: Recorder | None = None) -> Pipeline:
    maker = AlertMaker(Catalog.load(), Execution("x", "run", T0), namespace="default")
    detector = Detector([], Problems())
    return Pipeline(
        detector, maker, Sink(), state, lambda: T0, ledger=ledger, recorder=recorder
    )  # fmt: skip


def test_a_batchs_notes_are_recorded() -> None:
    ledger = MemoryLedger()
    pipeline(MemoryState(), ledger).drain(Source(Batch([], {"at": 1}, [NOTE])))
    assert ledger.notes() == [NOTE]


def test_where_notes_cannot_be_stored_the_checkpoint_stays() -> None:
    class Full(MemoryLedger):
        def record(self, notes: Sequence[Note]) -> int:
            raise StateError("full")

    state = MemoryState()
    with pytest.raises(StateError):
        pipeline(state, Full()).drain(Source(Batch([], {"at": 1}, [NOTE])))
    assert state.load("logs") is None


def test_problems_are_counted_by_batch_and_passed_on() -> None:
    heard, ledger = Problems(), MemoryLedger()
    recorder = Recorder(heard)
    span = (T0, T0 + timedelta(seconds=5))
    record = Record({}, "logs", "1")
    source = Source(
        Batch([record], {"at": 1}, span=span), Batch([record], {"at": 2}), report=recorder
    )
    pipeline(MemoryState(), ledger, recorder).drain(source)
    assert heard.counts == {"rule-timeout": 2, "rule-cache": 2}
    first, second = ledger.notes()
    assert (first.kind, first.count, first.subject) == ("rule-timeout", 1, "r.yml: slow")
    assert (first.start, first.end, second.start) == (*span, None)


def test_what_has_no_window_is_noted_as_often_as_it_happens() -> None:
    recorder = Recorder(Problems())
    ids = set()
    for second in range(3):
        recorder(Problem("rule-timeout", "slow"))
        (note,) = recorder.taken("logs", None, T0 + timedelta(seconds=second))
        ids.add(note.id)
    assert len(ids) == 3


def test_problems_after_the_last_batch_are_noted_too() -> None:
    class Silent(Source):
        def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
            self.report(Problem("unreadable-file", "gone", file="x.json"))
            yield from ()

    ledger, recorder = MemoryLedger(), Recorder(Problems())
    pipeline(MemoryState(), ledger, recorder).drain(Silent(report=recorder))
    (note,) = ledger.notes()
    assert (note.kind, note.source, note.subject) == ("unreadable-file", "logs", "x.json")


def test_more_subjects_than_are_told_apart_are_counted_together() -> None:
    recorder = Recorder(Problems(), most=3)
    for number in range(5):
        recorder(Problem("rule-timeout", f"rule {number}"))
        recorder(Problem("malformed-json", f"at column {number}", "x.json", number))
    notes = recorder.taken("logs", None, T0)
    assert [(note.subject, note.count) for note in notes] == [
        ("rule 0", 1), ("x.json", 5), ("rule 1", 1), ("others", 3),
    ]  # fmt: skip
    assert notes[1].reason == "x.json:0: at column 0"
    assert recorder.taken("logs", None, T0) == []
