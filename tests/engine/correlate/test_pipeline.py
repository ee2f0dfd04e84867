"""The whole way: state and checkpoint are one write, and no failure loses or repeats an alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from connectors.sqlite import SqliteStore
from engine.alert import AlertMaker, Execution
from engine.correlate.correlator import Correlator
from engine.correlate.keep import KEY
from engine.detect import Detector
from engine.errors import SinkError
from engine.ports import Record, StateStore
from engine.rule import RuleSet
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog
from tests.engine.correlate.stream import base, correlation, ruleset
from tests.engine.helpers import fail_on_problem
from tests.engine.test_run import Crash, ListSource, OnceSink

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
BUDGET = timedelta(seconds=5)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START + timedelta(minutes=10)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    documents = [
        correlation("Many", "many", type="event_count", rules=["a"], group_by=["user"],
                    condition={"gte": 3}, generate=True),
        correlation("Then", type="temporal_ordered", rules=["many", "b"], group_by=["user"],
                    generate=True),
        correlation("Few", type="event_count", rules=["c"], group_by=["user"],
                    condition={"lt": 3}),
    ]  # fmt: skip
    return ruleset(tmp_path_factory.mktemp("rules"), *documents)


@pytest.fixture(scope="module")
def maker() -> AlertMaker:
    return AlertMaker(Catalog.load(), Execution("x", "test"), namespace="default")


def records(rng: Random, count: int = 120) -> list[Record]:
    """Events in nearly the order of time, none later than the budget allows.

    The last one is so late that every window before it is over.
    """
    times = sorted(rng.uniform(0, 200) for _ in range(count - 1))
    times.sort(key=lambda time: time + rng.uniform(0, BUDGET.total_seconds() * 0.9))
    times.append(400)
    return [
        Record(
            {"logsource.product": "any", "user": rng.choice("xy"),
             "kind": rng.choice("aaabc") if time < 400 else "a",
             "@timestamp": (START + timedelta(seconds=time)).isoformat()},
            "list", id=f"e{n:03}",
        )
        for n, time in enumerate(times)
    ]  # fmt: skip


def pipeline(
    rules: RuleSet, maker: AlertMaker, sink: OnceSink, state: StateStore,
    lateness: timedelta | None = BUDGET, clock: Any = None, sources: tuple[str, ...] = ("list",),
) -> Pipeline:  # fmt: skip
    correlator = Correlator(rules.correlations, rules.rules, fail_on_problem, lateness=lateness)
    detector = Detector(rules.rules, fail_on_problem)
    return Pipeline(detector, maker, sink, state, clock or Clock(), correlator=correlator,
                    sources=sources)  # fmt: skip


def hunted(rules: RuleSet, maker: AlertMaker, events: list[Record], sizes: list[int]) -> set[str]:
    sink = OnceSink()
    one = pipeline(rules, maker, sink, MemoryState(), None)
    one.drain(ListSource(events, sizes))
    one.finish()
    return set(sink.stored)


def kinds(sink: OnceSink) -> set[str]:
    return {alert.document["vedette"]["alert"]["kind"] for alert in sink.stored.values()}


def test_a_hunt_gives_the_same_alerts_however_its_events_are_split_and_ordered(
    rules: RuleSet, maker: AlertMaker
) -> None:
    rng = Random(1)
    events = records(rng)
    expected = hunted(rules, maker, events, [len(events)])
    assert len(expected) > 20
    for _ in range(20):
        rng.shuffle(events)
        assert hunted(rules, maker, events, [rng.randrange(1, 40) for _ in range(9)]) == expected


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_crashes_and_refusals_lose_and_repeat_nothing(
    rules: RuleSet, maker: AlertMaker, tmp_path: Path, store: str
) -> None:
    rng = Random(2)
    for turn in range(6):
        events = records(rng)
        expected = hunted(rules, maker, events, [len(events)])
        sink, clock = OnceSink(), Clock()
        state = MemoryState() if store == "memory" else SqliteStore(tmp_path / f"{turn}.db").state
        failures = 0
        for _ in range(60):
            one = pipeline(rules, maker, sink, state, clock=clock)
            sink.refuses = rng.random() < 0.3
            sink.crashes = [rng.random() < 0.4 for _ in range(9)]
            try:
                one.drain(ListSource(events, [rng.randrange(1, 25)], without=rng.randrange(3)))
                sink.crashes = []
                clock.now += BUDGET
                one.drain(ListSource(events, [9]))
            except (Crash, SinkError):
                failures += 1
                sink.refuses = False
                continue
            break
        assert failures
        assert set(sink.stored) == expected
        assert kinds(sink) == {"sigma", "correlation"}


def test_a_refusal_in_a_running_process_loses_nothing(rules: RuleSet, maker: AlertMaker) -> None:
    rng = Random(3)
    events = records(rng)
    expected = hunted(rules, maker, events, [len(events)])
    sink, clock = OnceSink(), Clock()
    one = pipeline(rules, maker, sink, MemoryState(), clock=clock)
    for _ in range(200):
        sink.refuses = rng.random() < 0.5
        try:
            one.drain(ListSource(events, [7], without=3))
        except SinkError:
            continue
    sink.refuses = False
    one.drain(ListSource(events, [7]))
    clock.now += BUDGET
    one.drain(ListSource(events, [7]))
    assert set(sink.stored) == expected


def test_a_source_never_sees_the_state_in_its_checkpoint(rules: RuleSet, maker: AlertMaker) -> None:
    given: list[Any] = []

    class Watching(ListSource):
        def poll(self, checkpoint: Any) -> Any:
            given.append(checkpoint)
            return super().poll(checkpoint)

    state = MemoryState()
    source = Watching(records(Random(4), 30), [10])
    pipeline(rules, maker, OnceSink(), state).drain(source)
    assert KEY in (state.load("list") or {})
    pipeline(rules, maker, OnceSink(), state).drain(source)
    assert given == [None, {"at": 30}]


def test_two_sources_share_windows_also_after_a_restart(rules: RuleSet, maker: AlertMaker) -> None:
    events = records(Random(5))
    expected = hunted(rules, maker, events, [len(events)])
    one, two = ListSource(events[::2], [10]), ListSource(events[1::2], [10])
    two.name = "two"
    sink, state, clock = OnceSink(), MemoryState(), Clock()
    for source in (one, two, one, two):
        running = pipeline(rules, maker, sink, state, clock=clock, sources=("list", "two"))
        running.drain(source)
    running.drain(one)
    clock.now += BUDGET
    running.drain(one)
    assert set(sink.stored) == expected


def test_without_correlations_checkpoints_are_the_sources_own(
    maker: AlertMaker, tmp_path: Path
) -> None:
    from tests.engine.helpers import loaded

    plain = loaded(tmp_path, base("a"))
    assert Correlator.of(plain, fail_on_problem) is None
    state = MemoryState()
    one = Pipeline(Detector(plain.rules, fail_on_problem), maker, OnceSink(), state, Clock())
    one.drain(ListSource(records(Random(6), 10), [10]))
    assert state.load("list") == {"at": 10}
