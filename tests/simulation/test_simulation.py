"""Whatever fails, no event is lost and no alert is said twice; and the simulation would see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import pytest

from connectors.search import codec, overlap, paging, source
from connectors.search.memory import Memory
from connectors.search.seen import Seen, Tally
from connectors.search.sketch import Sketch
from connectors.search.slices import Hit, Page
from connectors.search.source import SearchSource
from engine.correlate.correlator import Correlator
from engine.errors import VedetteError
from engine.evaluated import Evaluated
from engine.ports import Alert, Written
from engine.run import Pipeline
from tests.simulation.cluster import Crash
from tests.simulation.world import World, bound, bounds, violations

SEEDS = 500
PART = 50
LOOKED_AT = 60
"""Seeds in which a planted fault must show."""


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level("CRITICAL")
    kept = bounds()
    yield
    bound(kept)  # a world chooses its own


@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_every_event_is_evaluated_and_every_alert_exists_once(first: int) -> None:
    broken = {seed: found for seed in range(first, first + PART) if (found := violations(seed))}
    assert broken == {}


def test_a_seed_always_tells_the_same_story() -> None:
    def story(seed: int) -> tuple[Any, ...]:
        world = World(seed)
        world.live()
        return world.polls, world.launches, world.cluster.clock, dict(world.chaos.told)

    assert [story(seed) for seed in range(8)] == [story(seed) for seed in range(8)]


def test_the_stories_have_in_them_what_they_are_about() -> None:
    """Else nothing would be shown by their going well."""
    told: dict[str, int] = {}
    for seed in range(LOOKED_AT):
        world = World(seed)
        world.live()
        notes = [held["_source"] for held in world.cluster.own["vedette-ledger-default"].values()]
        many = any(d["message"] == "Many" for _, _, d in world.cluster.documents("logs-vedette"))
        for name, there in {
            "crash": world.launches > 1,
            "lost answer": world.chaos.told["lost-after"],
            "half answer": world.chaos.told["half"],
            "clock step": any(world.offsets),
            "correlation": many and world.punctual,
            "filter": world.prefilter and world.prefilter.spared.filtered,
            "spared": world.prefilter
            and world.prefilter.spared.passed < world.prefilter.spared.documents,
            **{note["kind"]: True for note in notes},
            **{note["state"]: True for note in notes},
        }.items():
            told[name] = told.get(name, 0) + bool(there)
    wanted = ("crash", "filter", "spared", "lost answer", "half answer", "clock step",
              "correlation", "late", "too-late", "clock-back", "evaluated-again", "open",
              "filled")  # fmt: skip
    assert {name: told.get(name, 0) for name in wanted if told.get(name, 0) < 3} == {}


def commit_before_write(pipeline: Pipeline, source: SearchSource) -> None:
    real = pipeline.store

    def store(evaluated: Evaluated) -> Written:
        if evaluated.checkpoint is not None:
            pipeline.state.commit(evaluated.name, evaluated.checkpoint, {})
        return real(evaluated)

    pipeline.store = store  # type: ignore[method-assign]


def crash_after_commit(pipeline: Pipeline, source: SearchSource) -> None:
    """The process ends where a checkpoint was stored of a batch that had something to note."""
    store, commit, chaos = pipeline.store, pipeline.state.commit, source.client.chaos  # type: ignore[attr-defined]
    noted = [False]

    def hold(evaluated: Evaluated) -> Written:
        noted[0] = any(note.state == "open" for note in evaluated.notes)
        return store(evaluated)

    def end(name: str, checkpoint: Any, occurrences: Any) -> None:
        commit(name, checkpoint, occurrences)
        if noted[0] and (chaos.fail or chaos.crash):
            chaos.dead = True
            raise Crash

    pipeline.store = hold  # type: ignore[method-assign]
    pipeline.state.commit = end  # type: ignore[method-assign]


def notes_after_commit(pipeline: Pipeline, source: SearchSource) -> None:
    crash_after_commit(pipeline, source)
    ledger, store = pipeline.ledger, pipeline.store
    pipeline.ledger = None

    def late(evaluated: Evaluated) -> Written:
        written = store(evaluated)
        assert ledger is not None
        ledger.record(evaluated.notes)
        return written

    pipeline.store = late  # type: ignore[method-assign]


def failure_in_flight_forgotten(pipeline: Pipeline, source: SearchSource) -> None:
    """The next batch is stored though the one before it could not be."""
    store = pipeline.store

    def forgetful(evaluated: Evaluated) -> Written:
        try:
            return store(evaluated)
        except VedetteError:
            return Written()

    pipeline.store = forgetful  # type: ignore[method-assign]


def alert_under_another_id(pipeline: Pipeline, source: SearchSource) -> None:
    real = pipeline.sink.write

    def write(alerts: Sequence[Alert]) -> Written:
        stamped = [Alert(f"{alert.id}{source.clock()}", alert.anchor_time, alert.document)
                   for alert in alerts]  # fmt: skip
        return real(stamped)

    pipeline.sink.write = write  # type: ignore[method-assign]


def alert_written_over(pipeline: Pipeline, source: SearchSource) -> None:
    client = source.client
    if not hasattr(client, "real_bulk"):
        client.real_bulk = client.bulk  # type: ignore[attr-defined]
    real = client.real_bulk  # type: ignore[attr-defined]

    def bulk(body: bytes) -> Any:
        lines = body.splitlines()
        for at in range(0, len(lines), 2):
            lines[at] = codec.dumps({"index": codec.loads(lines[at])["create"]})
        return real(b"\n".join(lines) + b"\n")

    client.bulk = bulk  # type: ignore[method-assign]


def no_sweep(pipeline: Pipeline, source: SearchSource) -> None:
    source.sweep = None


def no_filling(pipeline: Pipeline, source: SearchSource) -> None:
    pipeline.fill = None


def state_forgotten(pipeline: Pipeline, source: SearchSource) -> None:
    pipeline._stateful = lambda name, checkpoint: checkpoint  # type: ignore[method-assign]


PLANTED: list[Callable[[Pipeline, SearchSource], None]] = [
    commit_before_write, notes_after_commit, alert_under_another_id, alert_written_over,
    no_sweep, no_filling, state_forgotten, failure_in_flight_forgotten,
]  # fmt: skip


def seen(sabotage: Callable[[Pipeline, SearchSource], None] | None = None) -> bool:
    """Whether any of some seeds tells a difference."""
    return any(violations(seed, sabotage) for seed in range(LOOKED_AT))


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.__name__)
def test_a_planted_fault_is_seen(planted: Callable[[Pipeline, SearchSource], None]) -> None:
    assert seen(planted)


def test_a_crash_right_after_a_commit_costs_no_record() -> None:
    assert not seen(crash_after_commit)


def without_sweep(seeds: range) -> bool:
    """Whether anything is lost without a sweep where nothing is late."""
    return any(violations(seed, no_sweep) for seed in seeds if World(seed).punctual)


def test_an_answer_that_is_not_whole_taken_for_one_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep makes good for it, so it is seen where there is none."""
    assert not without_sweep(range(30))
    monkeypatch.setattr(paging, "check_whole", lambda host, answer: None)
    assert without_sweep(range(LOOKED_AT))


def test_slices_given_out_one_after_another_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep makes good for it, and mostly the overlap does: few seeds see it."""

    def one_by_one(slices: Sequence[Iterator[Page]], pool: Executor) -> Iterator[Page]:
        for each in slices:
            yield from each

    monkeypatch.setattr(paging, "in_order", one_by_one)
    assert without_sweep(range(2 * LOOKED_AT))


def test_hits_given_out_as_they_lie_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep makes good for it too."""
    real = paging.gathered

    def mixed_up(pages: Iterator[Page], at: int, arrived: Any) -> list[Hit] | None:
        found = real(pages, at, arrived)
        return found and sorted(found, key=lambda hit: hit["sort"][1])

    monkeypatch.setattr(paging, "gathered", mixed_up)
    monkeypatch.setattr(paging, "TOGETHER", 1)
    assert without_sweep(range(3 * LOOKED_AT))


def test_new_events_that_a_count_left_out_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep makes good for it too."""
    monkeypatch.setattr(source, "counted", lambda *_: paging.Begun(None, (), 0))
    assert without_sweep(range(LOOKED_AT))


def test_an_overlap_that_is_not_read_again_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = SearchSource.window

    def window(self: SearchSource, position: Any, upper: int) -> Any:
        return replace(real(self, position, upper), lower=position.mark or position.start)

    monkeypatch.setattr(SearchSource, "window", window)
    assert without_sweep(range(LOOKED_AT))


def test_an_overlap_in_which_nothing_ever_changes_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Seen, "unsettled", lambda self, found: [])
    assert without_sweep(range(LOOKED_AT))


def test_an_event_in_the_place_of_another_that_only_counts_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = overlap.tally

    def counted(*asked: Any) -> Any:
        return {bin: Tally(found.events, 0) for bin, found in (real(*asked) or {}).items()}

    monkeypatch.setattr(overlap, "tally", counted)
    assert seen()


def test_a_crowded_time_whose_new_events_cannot_be_told_must_be_read_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overlap._Look, "whole", lambda self, bin: self.done.append(bin) or ())
    assert without_sweep(range(3 * LOOKED_AT))


def test_late_events_settled_before_they_are_evaluated_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Sketch, "added", lambda self, now: [*now] and set())
    assert seen()


def test_a_bucket_thought_to_be_settled_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "due", lambda self, counts, lower, edge: [])
    assert seen()


def test_late_matches_counted_where_they_are_not_due_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = Correlator.restore

    def restore(self: Correlator, state: Any, now: Any) -> None:
        real(self, {**state, "waiting": []} if "waiting" in state else state, now)
        self._waiting.clear()
        self._ids.clear()

    monkeypatch.setattr(Correlator, "restore", restore)
    assert seen()
