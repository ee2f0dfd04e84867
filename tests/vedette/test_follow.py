"""Polling sources on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.alert import AlertMaker, Execution
from engine.detect import Detector
from engine.errors import LeaseError, SinkError, SourceError
from engine.ports import Alert, Batch, Checkpoint, Record, Source, Written
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog
from vedette.feeds import Feed
from vedette.follow import FAILURES_UNTIL_IDLE, LONGEST_BACK_OFF, Rounds, Turn, follow

START = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


class Time:
    """A clock that moves only while someone waits; it says stop at its end."""

    def __init__(self, lasts: float = 3600.0) -> None:
        self.now, self.end = START, START + timedelta(seconds=lasts)
        self.waits: list[float] = []
        self.stopped = False

    def __call__(self) -> datetime:
        return self.now

    def is_set(self) -> bool:
        return self.stopped or self.now >= self.end

    def wait(self, timeout: float) -> bool:
        self.waits.append(timeout)
        self.now += timedelta(seconds=timeout)
        return self.is_set()

    @property
    def passed(self) -> float:
        return (self.now - START).total_seconds()


class Scripted:
    """A source that answers each poll with so many events, or an error."""

    def __init__(self, name: str, time: Time, answers: Sequence[int | Exception]) -> None:
        self.name, self._time, self._answers = name, time, list(answers)
        self.polled: list[float] = []
        self.checkpoints: list[Checkpoint | None] = []

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        self.polled.append(self._time.passed)
        self.checkpoints.append(checkpoint)
        answer = self._answers.pop(0) if self._answers else 0
        if isinstance(answer, Exception):
            raise answer
        if answer:
            records = [Record({"n": n}, self.name) for n in range(answer)]
            yield Batch(records, {"poll": len(self.polled)})

    def close(self) -> None:
        pass


class Sink:
    def prepare(self) -> None:
        pass

    def write(self, alerts: Sequence[Alert]) -> Written:
        raise SinkError("no place")

    def close(self) -> None:
        pass


@pytest.fixture
def time() -> Time:
    return Time()


def pipeline(clock: Callable[[], datetime]) -> Pipeline:
    execution = Execution("x", "run", START)
    return Pipeline(
        Detector([], lambda problem: None),
        AlertMaker(Catalog.load(), execution, namespace="default"),
        Sink(),
        MemoryState(),
        clock,
    )


def run(
    time: Time, *sources: Scripted, every: float = 10, lag: float = 0, **how: Any
) -> list[Turn]:
    feeds = [
        Feed(source, timedelta(seconds=every), None, timedelta(seconds=lag)) for source in sources
    ]
    return follow(feeds, pipeline(time), time, time, **how)


def failing(times: int) -> list[int | Exception]:
    return [SourceError("down") for _ in range(times)]


def test_each_source_is_asked_on_its_interval_until_told_to_stop() -> None:
    time = Time(lasts=35)
    one, other = Scripted("one", time, [3]), Scripted("other", time, [0, 2])
    turns = run(time, one, other)
    assert one.polled == other.polled == [0, 10, 20, 30]
    assert [turn.events for turn in turns] == [3, 2]
    assert one.checkpoints == [None, {"poll": 1}, {"poll": 1}, {"poll": 1}]


class Slow(Scripted):
    """Each poll takes so long."""

    def __init__(self, time: Time, *seconds: float) -> None:
        super().__init__("slow", time, [])
        self.seconds = list(seconds)

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        yield from super().poll(checkpoint)
        self._time.now += timedelta(seconds=self.seconds.pop(0) if self.seconds else 0)


@pytest.mark.parametrize(
    ("seconds", "polled"),
    [
        ((4, 4, 4), [0, 10, 20, 30]),  # what a poll takes is not added to the interval
        ((12, 25), [0, 12, 37]),  # nor is a late one followed by many
        ((4, -3600), [0, 10, -3580, -3570, -3560]),  # a clock that is set back holds up nothing
    ],
)
def test_the_interval_is_from_the_start_of_a_poll_to_that_of_the_next(
    seconds: tuple[float, ...], polled: list[float]
) -> None:
    time = Time(lasts=38)
    slow = Slow(time, *seconds)
    run(time, slow)
    assert slow.polled[:5] == polled


def test_a_failing_source_backs_off_while_the_others_go_on() -> None:
    time = Time(lasts=4000)
    down, well = Scripted("down", time, failing(100)), Scripted("well", time, [1] * 401)
    turns = run(time, down, well)
    assert len(well.polled) == 400
    pauses = [later - sooner for sooner, later in zip(down.polled, down.polled[1:], strict=False)]
    for number, pause in enumerate(pauses):
        longest = min(LONGEST_BACK_OFF.total_seconds(), 10 * 2**number)
        assert longest / 2 <= pause <= longest + 10
    assert 10 < len(down.polled) < 40
    assert turns[0].failures == len(down.polled)
    assert str(turns[0].failure) == "down"
    assert (turns[1].failures, turns[1].failure) == (0, None)


def test_a_source_that_answers_again_is_forgiven() -> None:
    time = Time(lasts=300)
    source = Scripted("shaky", time, [*failing(3), 5])
    (turn,) = run(time, source)
    assert (turn.failures, turn.failure, turn.events) == (0, None, 5)
    assert source.polled[-1] - source.polled[-2] == pytest.approx(10)


def test_a_failure_moves_no_checkpoint(time: Time) -> None:
    source = Scripted("shaky", time, [2, SourceError("down"), 0])
    run(time, source, until_idle=True)
    assert source.checkpoints[:3] == [None, {"poll": 1}, {"poll": 1}]


def test_until_idle_ends_when_a_poll_finds_nothing_new(time: Time) -> None:
    source = Scripted("one", time, [3, 2, 0, 9])
    (turn,) = run(time, source, until_idle=True)
    assert len(source.polled) == 3
    assert turn.idle
    assert time.passed == 0  # it does not sit out intervals while there is work


def test_until_idle_waits_until_a_poll_covers_the_present(time: Time) -> None:
    source = Scripted("one", time, [0, 4, 0])
    (turn,) = run(time, source, until_idle=True, lag=30, every=600)
    assert source.polled == [0, 30, 30]
    assert turn.events == 4


def test_until_idle_waits_for_every_source(time: Time) -> None:
    quick, slow = Scripted("quick", time, [0]), Scripted("slow", time, [1, 1, 1, 1, 0])
    run(time, quick, slow, until_idle=True)
    assert len(quick.polled) == 1
    assert len(slow.polled) == 5


def test_until_idle_gives_a_source_up_after_failures_in_a_row(time: Time) -> None:
    down, well = Scripted("down", time, failing(99)), Scripted("well", time, [1, 0])
    turns = run(time, down, well, until_idle=True)
    assert len(down.polled) == FAILURES_UNTIL_IDLE
    assert [turn.idle for turn in turns] == [True, True]
    assert [bool(turn.failure) for turn in turns] == [True, False]
    assert 10 * 7.5 <= time.passed <= 10 * 15


def test_failures_that_are_not_in_a_row_do_not_add_up(time: Time) -> None:
    answers: list[int | Exception] = []
    for _ in range(4):
        answers += [*failing(FAILURES_UNTIL_IDLE - 1), 1]
    (turn,) = run(time, Scripted("shaky", time, answers), until_idle=True)
    assert turn.failure is None
    assert turn.events == 4


def test_a_stop_before_the_first_poll_asks_nothing(time: Time) -> None:
    time.stopped = True
    source = Scripted("one", time, [3])
    run(time, source)
    assert source.polled == []


def test_a_stop_in_the_middle_ends_after_the_batch_at_hand(time: Time) -> None:
    class Long(Scripted):
        def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
            for number in range(100):
                if number == 2:
                    time.stopped = True
                yield Batch([Record({"n": number}, "long")], {"batch": number})

    (turn,) = run(time, Long("long", time, []))
    assert turn.events == 3


def test_an_error_that_no_one_foresaw_is_not_swallowed(time: Time) -> None:
    with pytest.raises(ZeroDivisionError):
        run(time, Scripted("one", time, [ZeroDivisionError()]))


class Changing:
    """Rules that are looked at; remembers when."""

    def __init__(self, time: Time, interval: float | None) -> None:
        self._time, self.interval = time, interval
        self.looks: list[float] = []

    def look(self) -> None:
        self.looks.append(self._time.passed)


def test_changes_are_looked_for_while_a_source_waits_and_before_each_poll() -> None:
    time = Time(lasts=25)
    source, changes = Scripted("one", time, []), Changing(time, 4)
    run(time, source, changes=changes)
    assert source.polled == [0, 10, 20]
    assert changes.looks == [0, 4, 8, 10, 14, 18, 20, 24]


def test_changes_are_looked_for_after_each_batch() -> None:
    time = Time(lasts=5)
    source, changes = Scripted("one", time, [3]), Changing(time, None)
    batches: list[int] = []
    run(time, source, changes=changes, after=lambda events, _: batches.append(events))
    assert batches == [3]
    assert changes.looks == [0, 0]


def test_woken_before_its_time_it_looks_and_waits_for_the_rest() -> None:
    class Woken(Time):
        def wait(self, timeout: float) -> bool:
            return super().wait(min(timeout, 3))

    time = Woken(lasts=15)
    source, changes = Scripted("one", time, []), Changing(time, None)
    run(time, source, changes=changes)
    assert source.polled == [0, 10]
    assert changes.looks == [0, 3, 6, 9, 10, 13]


def rounds(time: Time, source: Source, **how: Any) -> Rounds:
    return Rounds("r", [Feed(source, timedelta(seconds=10), None)], pipeline(time), time, **how)


def test_a_lost_lease_is_no_failure_of_the_source(time: Time) -> None:
    source = Scripted("one", time, [LeaseError("taken", found=7)])
    unit = rounds(time, source)
    with pytest.raises(LeaseError):
        unit.run(lambda: False)
    assert (unit.turns[0].failures, unit.turns[0].failure) == (0, None)


def test_taken_up_it_claims_its_sources_and_asks_them_at_once(time: Time) -> None:
    claims: list[tuple[list[str], int]] = []
    source = Scripted("one", time, failing(1))
    unit = rounds(time, source, claim=lambda names, token: claims.append((list(names), token)))
    unit.take_up(3)
    unit.run(lambda: False)
    assert (unit.due() or START) > START
    unit.drop()
    unit.take_up(4)
    assert unit.due() == START
    assert claims == [(["one"], 3), (["one"], 4)]
    assert unit.turns[0].failures == 0


def test_run_before_its_time_it_asks_nothing(time: Time) -> None:
    source = Scripted("one", time, [])
    unit = rounds(time, source)
    for _ in range(3):
        unit.run(lambda: False)
    assert source.polled == [0]
