"""Gaps are filled a little after each poll, and what became of them is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from engine.alert import AlertMaker, Execution
from engine.detect import Detector
from engine.errors import Problems, SourceError, StateError
from engine.fill import ATTEMPTS, LOOK, Filler
from engine.ledger import MemoryLedger, Note, State, gaps
from engine.ports import Batch, Checkpoint, Look, Record
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog
from tests.engine.test_run import OnceSink

T0 = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Source:
    """Gives a window in batches of one event each."""

    name = "logs"

    def __init__(self, batches: int = 3) -> None:
        self.batches = batches
        self.asked: list[tuple[datetime, datetime]] = []
        self.error: Exception | None = None

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        yield from ()

    def window_batches(
        self, start: datetime, end: datetime, look: Look | None = None
    ) -> Iterator[Batch]:
        self.asked.append((start, end))
        for number in range(self.batches):
            if self.error:
                raise self.error
            yield Batch([Record({"n": number}, "logs", str(number))])

    def close(self) -> None:
        pass


class Time:
    now = T0 + 9 * HOUR

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


def gap(hour: int, state: State = "open", kind: str = "too-late") -> Note:
    return Note(kind, "logs", T0 + hour * HOUR, T0 + (hour + 1) * HOUR, 5, state=state)


TOLD: list[tuple[str, State]] = []


def filler(ledger: MemoryLedger, time: Time, effort: int = 10) -> Filler:
    TOLD.clear()

    def fresh(start: datetime, end: datetime) -> Pipeline:
        maker = AlertMaker(Catalog.load(), Execution("x", "run", T0), namespace="default")
        return Pipeline(Detector([], Problems()), maker, OnceSink(), MemoryState(), time)

    return Filler(ledger, fresh, time, effort, lambda name, gap: TOLD.append((name, gap.state)))


def work(fill: Filler, source: Source) -> int:
    return fill(source, None, lambda: False)


def states(ledger: MemoryLedger) -> list[str]:
    return [one.state for one in gaps(ledger.notes())]


def test_an_open_gap_is_filled_and_says_so(ledger: MemoryLedger, time: Time) -> None:
    ledger.record([gap(1), gap(2, "noted", "late")])
    source = Source()
    assert work(filler(ledger, time), source) == 3
    assert source.asked == [(T0 + HOUR, T0 + 2 * HOUR)]
    assert states(ledger) == ["filled", "noted"]
    assert TOLD == [("logs", "filling"), ("logs", "filled")]
    steps = [(note.state, note.step, note.count) for note in ledger.notes() if note.gap]
    assert steps == [("filling", 1, 5), ("filled", 2, 3)]
    assert work(filler(ledger, time), source) == 0


def test_a_filled_gap_names_the_models_that_did_not_score_it(
    ledger: MemoryLedger, time: Time
) -> None:
    ledger.record([gap(1)])
    one = filler(ledger, time)
    plain = one.fresh

    def fresh(start: datetime, end: datetime) -> Pipeline:
        made = plain(start, end)
        made.unscored = ("office", "servers")
        return made

    one.fresh = fresh
    work(one, Source())
    (filled,) = [note.reason for note in ledger.notes() if note.state == "filled"]
    assert "3 events evaluated, 0 alerts new; not scored by office, servers" in filled


def test_only_so_much_is_done_after_a_poll(ledger: MemoryLedger, time: Time) -> None:
    ledger.record([gap(1), gap(2)])
    fill, source = filler(ledger, time, effort=2), Source(3)
    assert [work(fill, source) for _ in range(5)] == [2, 1, 2, 1, 0]
    assert states(ledger) == ["filled", "filled"]
    assert len(source.asked) == 2


def test_a_stop_is_heeded_between_batches(ledger: MemoryLedger, time: Time) -> None:
    ledger.record([gap(1)])
    assert filler(ledger, time)(Source(), None, lambda: True) == 0
    assert states(ledger) == ["open"]


def test_what_another_process_had_begun_is_done_again(ledger: MemoryLedger, time: Time) -> None:
    ledger.record([gap(1)])
    source = Source(5)
    work(filler(ledger, time, effort=2), source)
    assert states(ledger) == ["filling"]
    assert work(filler(ledger, time), source) == 5
    assert [note.state for note in ledger.notes()] == ["open", "filling", "filled"]


def test_a_gap_that_is_not_over_waits(ledger: MemoryLedger, time: Time) -> None:
    ledger.record([gap(9)])
    fill, source = filler(ledger, time), Source()
    assert work(fill, source) == 0
    time.now += 2 * HOUR
    assert work(fill, source) == 3


def test_new_gaps_are_looked_for_after_a_while(ledger: MemoryLedger, time: Time) -> None:
    fill, source = filler(ledger, time), Source()
    assert work(fill, source) == 0
    ledger.record([gap(1)])
    assert work(fill, source) == 0
    time.now += LOOK
    assert work(fill, source) == 3


def test_a_gap_that_cannot_be_read_is_tried_again_and_abandoned_in_the_end(
    ledger: MemoryLedger, time: Time
) -> None:
    ledger.record([gap(1), gap(2)])
    fill, source = filler(ledger, time), Source()
    source.error = SourceError("no such index")
    for _ in range(ATTEMPTS * 2):
        work(fill, source)
    assert states(ledger) == ["filling", "filling"]  # too soon after the first attempt
    for _ in range(ATTEMPTS):
        time.now += 5 * HOUR
        work(fill, source)
    assert states(ledger) == ["abandoned", "abandoned"]
    assert sorted(TOLD) == [("logs", "abandoned")] * 2 + [("logs", "filling")] * 2
    (last,) = {one.last.reason for one in gaps(ledger.notes())}
    assert last == f"{ATTEMPTS} attempts failed, the last: no such index"


def test_a_failure_that_passed_costs_nothing(ledger: MemoryLedger, time: Time) -> None:
    ledger.record([gap(1)])
    fill, source = filler(ledger, time), Source()
    source.error = SourceError("busy")
    work(fill, source)
    source.error = None
    time.now += HOUR
    assert work(fill, source) == 3
    assert states(ledger) == ["filled"]


def test_an_error_of_the_store_is_the_runs_own(ledger: MemoryLedger, time: Time) -> None:
    class Full(MemoryLedger):
        def record(self, notes: object) -> int:
            raise StateError("full")

    full = Full()
    full._notes = {gap(1).id: gap(1)}
    with pytest.raises(StateError):
        work(filler(full, time), Source())


def test_a_source_without_windows_has_none_filled(ledger: MemoryLedger, time: Time) -> None:
    class Plain:
        name = "logs"

    ledger.record([gap(1)])
    assert filler(ledger, time)(Plain(), None, lambda: False) == 0  # type: ignore[arg-type]
