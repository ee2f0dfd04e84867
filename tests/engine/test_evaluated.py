"""Batches that wait while one is stored go together, and come to what they come to one by one."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SinkError
from engine.evaluated import AHEAD, Evaluated, Flight, together
from engine.ledger import Note
from engine.ports import Alert, Checkpoint, Written
from tests.simulation.pool import Later, Meanwhile

START = datetime(2026, 11, 1, tzinfo=UTC)


class Store:
    """What is stored, in its order; refuses an alert of that number."""

    def __init__(self, refused: int | None = None) -> None:
        self.alerts: list[str] = []
        self.notes: list[str] = []
        self.checkpoint: Checkpoint | None = None
        self.numbers: dict[str, int] = {}
        self.times = 0
        self.refused = refused

    def __call__(self, evaluated: Evaluated) -> Written:
        if self.refused is not None and str(self.refused) in {a.id for a in evaluated.alerts}:
            raise SinkError("no room")
        self.times += 1
        self.alerts += [alert.id for alert in evaluated.alerts]
        self.notes += [note.kind for note in evaluated.notes]
        if evaluated.checkpoint is not None:
            self.checkpoint = evaluated.checkpoint
            self.numbers.update(evaluated.numbers)
        return Written(created=len(evaluated.alerts))


class Held(Executor):
    """Does what it was given when it is asked to."""

    def __init__(self) -> None:
        self.work: list[Later] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.work.append(Later(lambda: fn(*args, **kwargs)))
        return self.work[-1]


def evaluated(number: int, alerts: int = 1, *, lasting: bool = True) -> Evaluated:
    """A batch of one record; `lasting` ones have a checkpoint."""
    time = START + timedelta(minutes=number)
    span = (time, time + timedelta(minutes=1))
    found = [Alert(str(number), None, {}) for _ in range(alerts)]
    checkpoint = {"at": number} if lasting else None
    return Evaluated("events", span, found, [Note(f"n{number}", "events")], (), checkpoint,
                     {f"hash-{number % 3}": number}, number % 3)  # fmt: skip


@given(
    batches=st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12),
    seed=st.integers(0, 99),
)
def test_what_is_stored_meanwhile_is_what_is_stored_one_by_one(
    batches: list[tuple[int, bool]], seed: int
) -> None:
    plain, meanwhile = Store(), Store()
    one, other = Flight(None), Flight(Meanwhile(Random(seed)))
    told: list[tuple[int, Written]] = []
    for number, (alerts, lasting) in enumerate(batches):
        each = evaluated(number, alerts, lasting=lasting)
        one.begin(plain, each)
        other.begin(meanwhile, each)
        told += other.stored()
    other.land()
    told += other.stored()
    assert (meanwhile.alerts, meanwhile.notes) == (plain.alerts, plain.notes)
    assert (meanwhile.checkpoint, meanwhile.numbers) == (plain.checkpoint, plain.numbers)
    assert [events for events, _ in told] == [events for events, _ in one.stored()]
    assert sum(written.created for _, written in told) == len(plain.alerts)


@given(
    number=st.integers(1, 12), refused=st.integers(0, 11), seed=st.integers(0, 99)
)  # fmt: skip
def test_after_a_batch_that_is_refused_none_is_stored(number: int, refused: int, seed: int) -> None:
    store, flight = Store(refused), Flight(Meanwhile(Random(seed)))

    def run() -> None:
        try:
            for each in range(number):
                flight.begin(store, evaluated(each))
        finally:
            flight.land()

    if refused >= number:
        run()
    else:
        with pytest.raises(SinkError, match="no room"):
            run()
    assert store.alerts == [str(each) for each in range(len(store.alerts))]
    assert len(store.alerts) <= refused
    assert store.checkpoint is None or store.checkpoint["at"] < refused
    before = len(store.alerts)
    flight.begin(store, evaluated(20))  # and then it goes on
    flight.land()
    assert store.alerts[before:] == ["20"]


def test_what_waits_is_stored_together_and_told_one_by_one() -> None:
    pool, store = Held(), Store()
    flight = Flight(pool)
    flight.begin(store, evaluated(0))
    pool.work[0].run()
    for number in range(1, AHEAD):
        flight.begin(store, evaluated(number))
    assert store.times == 1
    flight.land()
    assert store.times == 2
    found = flight.stored()
    assert [written.created for _, written in found] == [1, *[0] * (AHEAD - 2), AHEAD - 1]
    assert [events for events, _ in found] == [number % 3 for number in range(AHEAD)]


def test_no_more_wait_than_may() -> None:
    pool, store = Held(), Store()
    flight = Flight(pool)
    for number in range(1, AHEAD):
        flight.begin(store, evaluated(number))
    assert not store.times
    flight.begin(store, evaluated(AHEAD))
    assert store.times == 1


def test_batches_together_reach_from_the_first_to_the_last() -> None:
    one = together([evaluated(4), evaluated(2), evaluated(3, lasting=False)])
    assert one.span == (START + timedelta(minutes=2), START + timedelta(minutes=5))
    assert one.checkpoint == {"at": 2}
    assert one.numbers == {"hash-1": 4, "hash-2": 2}
