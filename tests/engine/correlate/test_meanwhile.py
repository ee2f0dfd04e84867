"""Batches are stored while the next ones are evaluated: in order, and none is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import Event as Signal
from typing import Any

import pytest

from engine.alert import AlertMaker
from engine.correlate.correlator import Correlator
from engine.detect import Detector
from engine.errors import SinkError
from engine.evaluated import AHEAD, Evaluated
from engine.ports import Alert, Batch, Checkpoint, Record, Written
from engine.rule import RuleSet
from engine.run import MemoryState, Pipeline
from tests.engine.correlate.test_pipeline import (
    BUDGET,
    Clock,
    hunted,
    kinds,
    maker,
    records,
    rules,
)
from tests.engine.helpers import fail_on_problem
from tests.engine.test_run import Crash, ListSource, OnceSink
from tests.simulation.pool import Meanwhile

__all__ = ["maker", "rules"]  # fixtures


class Flaky(MemoryState):
    """Stores what JSON makes of a checkpoint; the process often ends right after that."""

    def __init__(self, rng: Random) -> None:
        super().__init__()
        self.rng, self.peace = rng, False
        self.marks: list[int] = []

    def commit(
        self, name: str, checkpoint: Checkpoint | None, occurrences: Mapping[str, int]
    ) -> None:
        super().commit(name, checkpoint and json.loads(json.dumps(checkpoint)), occurrences)
        self.marks.append(checkpoint["at"] if checkpoint else -1)
        if not self.peace and self.rng.random() < 0.2:
            raise Crash


def pipeline(
    rules: RuleSet, maker: AlertMaker, sink: OnceSink, state: MemoryState, clock: Clock,
    meanwhile: Executor | None,
) -> Pipeline:  # fmt: skip
    correlator = Correlator(rules.correlations, rules.rules, fail_on_problem, lateness=BUDGET)
    return Pipeline(
        Detector(rules.rules, fail_on_problem), maker, sink, state, clock,
        correlator=correlator, sources=("list",), meanwhile=meanwhile,
    )  # fmt: skip


def adopted(one: Pipeline, rules: RuleSet) -> None:
    """The same rules once more, as if their files had been written anew."""
    correlator = Correlator(rules.correlations, rules.rules, fail_on_problem, lateness=BUDGET)
    one.adopt(Detector(rules.rules, fail_on_problem), correlator)


def lived(
    rng: Random,
    rules: RuleSet,
    maker: AlertMaker,
    events: list[Record],
    meanwhile: Callable[[], Executor],
    sabotage: Callable[[Pipeline], None] = lambda _: None,
) -> OnceSink:
    """A run through crashes and refusals, to its end."""
    sink, clock, state = OnceSink(), Clock(), Flaky(rng)
    for turn in range(80):
        state.peace = turn > 60
        one = pipeline(rules, maker, sink, state, clock, meanwhile())
        sabotage(one)
        sink.refuses = turn < 60 and rng.random() < 0.2
        sink.crashes = [rng.random() < 0.2 for _ in range(9)] if turn < 60 else []

        def after(_: int, __: Written, one: Pipeline = one) -> None:
            if rng.random() < 0.1:
                adopted(one, rules)

        try:
            source = ListSource(events, [rng.randrange(1, 25)], without=rng.randrange(3))
            one.drain(source, after=after)
            sink.crashes, state.peace = [], True
            clock.now += BUDGET
            one.drain(ListSource(events, [9]))
        except (Crash, SinkError):
            continue
        return sink
    raise AssertionError("it never came to its end")


def late_snapshot(one: Pipeline) -> None:
    """A planted fault: the state is taken when a batch is stored."""
    evaluate, store, stateful = one.evaluate, one.store, one._stateful

    def without(name: str, batch: Batch, tags: Any = None) -> Evaluated:
        one._stateful = lambda _, checkpoint: checkpoint  # type: ignore[method-assign]
        try:
            return evaluate(name, batch, tags)
        finally:
            one._stateful = stateful  # type: ignore[method-assign]

    def late(evaluated: Evaluated) -> Written:
        if (checkpoint := evaluated.checkpoint) is not None:
            checkpoint = stateful(evaluated.name, checkpoint)
        return store(replace(evaluated, checkpoint=checkpoint))

    one.evaluate = without  # type: ignore[method-assign]
    one.store = late  # type: ignore[method-assign]


def unchanged(one: Pipeline) -> None:
    """No fault: see that a snapshot is one."""
    evaluate, store = one.evaluate, one.store
    told: list[tuple[Checkpoint | None, str]] = []

    def remember(name: str, batch: Batch, tags: Any = None) -> Evaluated:
        evaluated = evaluate(name, batch, tags)
        told.append((evaluated.checkpoint, json.dumps(evaluated.checkpoint)))
        return evaluated

    def compare(evaluated: Evaluated) -> Written:
        now = json.dumps(evaluated.checkpoint)
        assert now in [then for checkpoint, then in told if checkpoint is evaluated.checkpoint]
        return store(evaluated)

    one.evaluate, one.store = remember, compare  # type: ignore[method-assign]


def goes_well(
    rules: RuleSet, maker: AlertMaker, seed: int, sabotage: Callable[[Pipeline], None]
) -> bool:
    """Whether a run through a seed's faults stores what one without any does."""
    rng = Random(seed)
    events = records(rng)
    sink = lived(rng, rules, maker, events, lambda: Meanwhile(rng), sabotage)
    return set(sink.stored) == hunted(rules, maker, events, [len(events)])


def test_crashes_and_refusals_while_a_batch_is_stored_lose_and_repeat_nothing(
    rules: RuleSet, maker: AlertMaker
) -> None:
    assert all(goes_well(rules, maker, seed, unchanged) for seed in range(4))


def test_a_snapshot_that_is_taken_too_late_is_seen(rules: RuleSet, maker: AlertMaker) -> None:
    with pytest.raises(AssertionError, match="came later"):
        assert all(goes_well(rules, maker, seed, late_snapshot) for seed in range(20))


def test_threads_that_store_lose_and_repeat_nothing(rules: RuleSet, maker: AlertMaker) -> None:
    with ThreadPoolExecutor(1) as pool:
        rng = Random(9)
        events = records(rng)
        sink = lived(rng, rules, maker, events, lambda: pool, unchanged)
    assert set(sink.stored) == hunted(rules, maker, events, [len(events)])
    assert kinds(sink) == {"sigma", "correlation"}


class Slow(OnceSink):
    """Stores when it is let, and says when it begins."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.let = Signal(), Signal()

    def write(self, alerts: Sequence[Alert]) -> Written:
        self.begun.set()
        assert self.let.wait(30)
        return super().write(alerts)


def test_batches_are_evaluated_while_one_is_stored_until_as_many_wait_as_may(
    rules: RuleSet, maker: AlertMaker
) -> None:
    sink, evaluations = Slow(), list[int]()
    events = records(Random(5), 60)
    with ThreadPoolExecutor(1) as pool:
        one = pipeline(rules, maker, sink, MemoryState(), Clock(), pool)
        evaluate = one.evaluate

        def watch(name: str, batch: Batch, tags: Any = None) -> Evaluated:
            if evaluations:
                assert sink.begun.wait(30)
            evaluated = evaluate(name, batch, tags)
            evaluations.append(len(sink.stored))
            if len(evaluations) == 1 + AHEAD:
                sink.let.set()
            return evaluated

        one.evaluate = watch  # type: ignore[method-assign]
        assert one.drain(ListSource(events, [10])) == 60
    assert evaluations[: 1 + AHEAD] == [0] * (1 + AHEAD)  # the first one is still on its way
    assert all(evaluations[1 + AHEAD :])


@pytest.mark.parametrize("failing", [1, 2])
def test_after_a_batch_that_could_not_be_stored_no_checkpoint_moves(
    rules: RuleSet, maker: AlertMaker, failing: int
) -> None:
    sink, state, told = OnceSink(), Flaky(Random(0)), list[int]()
    state.peace, write = True, sink.write

    def refuse(alerts: Sequence[Alert]) -> Written:
        sink.refuses = len(state.marks) + 1 == failing
        return write(alerts)

    sink.write = refuse  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as pool:
        one = pipeline(rules, maker, sink, state, Clock(), pool)
        with pytest.raises(SinkError, match="no room"):
            one.drain(ListSource(records(Random(5), 40), [10]), after=lambda n, _: told.append(n))
    assert len(state.marks) == failing - 1
    assert one.totals.events == 10 * len(told) == sum(state.marks[-1:])


def test_a_run_that_is_told_to_stop_stores_what_it_has_evaluated(
    rules: RuleSet, maker: AlertMaker
) -> None:
    state = Flaky(Random(0))
    state.peace = True
    with ThreadPoolExecutor(1) as pool:
        one = pipeline(rules, maker, OnceSink(), state, Clock(), pool)
        asked = iter([False, True])
        assert one.drain(ListSource(records(Random(5), 40), [10]), stop=lambda: next(asked)) == 20
    assert state.marks[-1] == 20
    assert one.totals.events == 20


def test_an_error_of_the_source_leaves_the_batch_before_it_stored(
    rules: RuleSet, maker: AlertMaker
) -> None:
    class Broken(ListSource):
        def poll(self, checkpoint: Checkpoint | None) -> Any:
            yield from [*super().poll(checkpoint)][:2]
            raise SinkError("the source is gone")

    state = Flaky(Random(0))
    state.peace = True
    with ThreadPoolExecutor(1) as pool:
        one = pipeline(rules, maker, OnceSink(), state, Clock(), pool)
        with pytest.raises(SinkError, match="gone"):
            one.drain(Broken(records(Random(5), 40), [10]))
    assert state.marks[-1] == 20
