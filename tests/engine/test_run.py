"""The way through the house: stored first, committed after, numbered the same again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alert import AlertMaker, Execution
from engine.detect import Detector
from engine.errors import SinkError
from engine.ports import Alert, Batch, Checkpoint, Record, Written
from engine.run import Bounds, MemoryState, Pipeline
from mitre.catalog import Catalog
from tests.engine.helpers import NOW, fail_on_problem, labelled, loaded, rule
from tests.simulation.pool import Meanwhile


class Crash(Exception):
    """Stands for the process's end."""


class ListSource:
    """Records with a position as checkpoint; some batches without one, as a page in between."""

    name = "list"

    def __init__(self, records: Sequence[Record], sizes: Sequence[int], without: int = 0) -> None:
        self.records, self.sizes, self.without = records, list(sizes) or [1], without

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        at, turn = (checkpoint or {"at": 0})["at"], 0
        while at < len(self.records):
            end = at + self.sizes[turn % len(self.sizes)]
            bare = self.without and (turn + 1) % self.without and end < len(self.records)
            yield Batch(self.records[at:end], None if bare else {"at": min(end, len(self.records))})
            at, turn = end, turn + 1

    def close(self) -> None: ...


class OnceSink:
    """Keeps each id once; dies after storing, or refuses before it, when it is told to."""

    def __init__(self) -> None:
        self.stored: dict[str, Alert] = {}
        self.crashes: list[bool] = []
        self.refuses = False

    def prepare(self) -> None: ...

    def write(self, alerts: Sequence[Alert]) -> Written:
        if self.refuses:
            raise SinkError("no room")
        new = {alert.id: alert for alert in alerts if alert.id not in self.stored}
        self.stored.update(new)
        if self.crashes and self.crashes.pop():
            raise Crash
        return Written(len(new), len(alerts) - len(new), created_ids=list(new))

    def close(self) -> None: ...


RULES = rule("One", detection={"s": {"a": 1}, "condition": "s"})


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    rules = loaded(tmp_path_factory.mktemp("rules"), RULES, rule("Two", id=None, detection={
        "s": {"b": [1, 2]}, "condition": "s"}))  # fmt: skip
    return Detector(rules.rules, fail_on_problem)


@pytest.fixture(scope="module")
def maker() -> AlertMaker:
    return AlertMaker(Catalog.load(), Execution("x", "test"), namespace="default")


def pipeline(
    detector: Detector, maker: AlertMaker, sink: Any = None, state: Any = None, **more: Any
) -> Pipeline:
    sink, state = sink or OnceSink(), state or MemoryState()
    return Pipeline(detector, maker, sink, state, lambda: NOW, **more)


def records(documents: Sequence[dict[str, Any]], **more: Any) -> list[Record]:
    return [Record(labelled(document), "o", **more) for document in documents]


DOCUMENTS = st.lists(
    st.fixed_dictionaries({"a": st.integers(0, 1), "b": st.integers(0, 2)}), max_size=12
)


@given(
    documents=DOCUMENTS,
    sizes=st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=4), min_size=1, max_size=4),
    crashes=st.lists(st.booleans(), max_size=8),
    without=st.integers(0, 3),
    quick=st.none() | st.randoms(use_true_random=False),
)
def test_whatever_the_batches_and_crashes_the_same_alerts_are_stored_once(
    detector: Detector,
    maker: AlertMaker,
    documents: list[dict[str, Any]],
    sizes: list[list[int]],
    crashes: list[bool],
    without: int,
    quick: Random | None,
) -> None:
    meanwhile = Meanwhile(quick) if quick else None
    wanted = OnceSink()
    pipeline(detector, maker, wanted).drain(ListSource(records(documents), [1]))
    sink, state = OnceSink(), MemoryState()
    sink.crashes = list(crashes)
    for turn in range(50):  # each a process of its own
        source = ListSource(records(documents), sizes[turn % len(sizes)], without)
        try:
            pipeline(detector, maker, sink, state, meanwhile=meanwhile).drain(source)
            break
        except Crash:
            continue
    assert list(sink.stored) == list(wanted.stored)
    hits = sum((d["a"] == 1) + (d["b"] > 0) for d in documents)
    assert len(sink.stored) == hits


def test_equal_events_are_numbered_across_batches_and_drains(detector: Any, maker: Any) -> None:
    sink, state = OnceSink(), MemoryState()
    same = {"a": 1, "b": 0}
    pipeline(detector, maker, sink, state).drain(ListSource(records([same] * 3), [2]))
    pipeline(detector, maker, sink, state).drain(ListSource(records([same] * 5), [2]))
    ids = [a.document["vedette"]["alert"]["ancestors"][0]["id"] for a in sink.stored.values()]
    assert [id.partition("#")[2] for id in ids] == ["1", "2", "3", "4", "5"]
    assert len({id.partition("#")[0] for id in ids}) == 1


def test_a_source_without_checkpoints_goes_on_counting_in_the_next_drain(
    detector: Any, maker: Any
) -> None:
    class Stream(ListSource):
        def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
            assert checkpoint is None
            yield Batch(self.records[:1])
            yield Batch(self.records[1:])

    line = pipeline(detector, maker)
    for _ in range(2):
        line.drain(Stream(records([{"a": 1, "b": 0}] * 2), [1]))
    assert line.totals.written.created == 4
    assert line.totals.written.existing == 0


def test_an_events_own_id_is_its_name(detector: Any, maker: Any) -> None:
    sink = OnceSink()
    line = pipeline(detector, maker, sink)
    line.drain(ListSource(records([{"a": 1, "b": 0}] * 3, id="event-1"), [1]))
    assert len(sink.stored) == 1
    assert line.totals.written.existing == 2


def test_a_failing_sink_moves_nothing(detector: Any, maker: Any) -> None:
    sink, state = OnceSink(), MemoryState()
    sink.refuses = True
    line = pipeline(detector, maker, sink, state)
    source = ListSource(records([{"a": 1, "b": 1}]), [1])
    for _ in range(3):
        with pytest.raises(SinkError):
            line.drain(source)
    assert state.load("list") is None
    assert line.totals.events == 0
    sink.refuses = False
    assert line.drain(source) == 1
    assert state.load("list") == {"at": 1}
    assert [a.document["event"]["id"] for a in sink.stored.values()] == list(sink.stored)
    names = [a.document["vedette"]["alert"]["ancestors"][0]["id"] for a in sink.stored.values()]
    assert all(name.endswith("#1") for name in names)


def test_the_checkpoint_is_committed_only_after_the_sink_has_stored(
    detector: Any, maker: Any
) -> None:
    order: list[str] = []

    class Sink(OnceSink):
        def write(self, alerts: Sequence[Alert]) -> Written:
            order.append("stored")
            return super().write(alerts)

    class State(MemoryState):
        def commit(self, name: str, checkpoint: Any, occurrences: Any) -> None:
            order.append(f"committed {checkpoint['at']}")
            super().commit(name, checkpoint, occurrences)

    source = ListSource(records([{"a": 1, "b": 0}, {"a": 0, "b": 0}, {"a": 1, "b": 0}]), [1])
    pipeline(detector, maker, Sink(), State()).drain(source)
    assert order == ["stored", "committed 1", "committed 2", "stored", "committed 3"]


def test_a_failing_commit_leaves_the_alerts_and_is_made_up_for(detector: Any, maker: Any) -> None:
    class State(MemoryState):
        broken = True

        def commit(self, name: str, checkpoint: Any, occurrences: Any) -> None:
            if self.broken:
                raise Crash
            super().commit(name, checkpoint, occurrences)

    sink, state = OnceSink(), State()
    source = ListSource(records([{"a": 1, "b": 0}] * 2), [2])
    with pytest.raises(Crash):
        pipeline(detector, maker, sink, state).drain(source)
    assert len(sink.stored) == 2
    state.broken = False
    written = []
    pipeline(detector, maker, sink, state).drain(source, after=lambda _, w: written.append(w))
    assert [(w.created, w.existing) for w in written] == [(0, 2)]


def test_an_event_cannot_hide_by_posing_as_an_alert_of_ours(detector: Any, maker: Any) -> None:
    posing = {"a": 1, "event": {"module": "vedette", "kind": "alert"}}
    line = pipeline(detector, maker)
    line.drain(ListSource(records([posing, {"a": 1, "b": 0}]), [5]))
    assert line.totals.matched == 2


def test_bounds_are_from_inclusive_to_exclusive_and_without_a_time_outside(
    detector: Any, maker: Any
) -> None:
    times = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", None]
    events = records([{"a": 1, "b": 0, "@timestamp": time} for time in times])
    bounds = Bounds(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    line = pipeline(detector, maker, bounds=bounds)
    assert line.drain(ListSource(events, [5])) == 4
    assert (line.totals.matched, line.totals.outside, line.totals.events) == (2, 2, 4)
    free = pipeline(detector, maker)
    free.drain(ListSource(events, [5]))
    assert (free.totals.matched, free.totals.outside) == (4, 0)


def test_stop_is_asked_after_each_batch(detector: Any, maker: Any) -> None:
    state, seen = MemoryState(), []
    source = ListSource(records([{"a": 1, "b": 0}] * 4), [1])
    line = pipeline(detector, maker, state=state)
    read = line.drain(source, stop=lambda: len(seen) == 2, after=lambda n, _: seen.append(n))
    assert read == 2
    assert state.load("list") == {"at": 2}
    assert line.drain(source) == 2


def test_state_of_one_source_is_not_that_of_another() -> None:
    state = MemoryState()
    state.commit("a", {"at": 1}, {"h": 2})
    state.commit("b", None, {"h": 5})
    assert (state.load("a"), state.load("b")) == ({"at": 1}, None)
    assert state.occurrences("a", ["h", "i"]) == {"h": 2}
    assert state.occurrences("b", ["h"]) == {"h": 5}


def test_nothing_is_written_where_nothing_matches(detector: Any, maker: Any) -> None:
    sink = OnceSink()
    sink.refuses = True
    assert pipeline(detector, maker, sink).drain(ListSource(records([{"a": 0, "b": 0}]), [1])) == 1
