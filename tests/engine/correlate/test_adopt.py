"""Other rules between two batches: what is the same goes on, what was changed starts afresh."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine.alert import AlertMaker, Execution
from engine.correlate.correlator import Correlator
from engine.correlate.keep import KEY
from engine.detect import Detector
from engine.errors import Problem
from engine.ports import Record, Written
from engine.rule import RuleSet
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog
from tests.engine.correlate.stream import correlation, ruleset
from tests.engine.correlate.test_pipeline import BUDGET, Clock, pipeline, records
from tests.engine.helpers import fail_on_problem
from tests.engine.test_run import ListSource, OnceSink

MANY: dict[str, Any] = {
    "type": "event_count", "rules": ["a"], "group_by": ["user"], "condition": {"gte": 3},
    "generate": True,
}  # fmt: skip
FEW: dict[str, Any] = {
    "type": "event_count", "rules": ["c"], "group_by": ["user"], "condition": {"lt": 3},
}  # fmt: skip


@pytest.fixture(scope="module")
def maker() -> AlertMaker:
    return AlertMaker(Catalog.load(), Execution("x", "test"), namespace="default")


def rules(folder: Path, *documents: dict[str, Any]) -> RuleSet:
    folder.mkdir()
    return ruleset(folder, *documents)


def adopt(one: Pipeline, rules: RuleSet, told: list[Problem] | None = None) -> None:
    report = fail_on_problem if told is None else told.append
    correlator = Correlator.of(rules, report, lateness=BUDGET)
    one.adopt(Detector(rules.rules, report), correlator)


def titles(sink: OnceSink, kind: str = "correlation") -> set[tuple[str, str]]:
    found = [alert.document for alert in sink.stored.values()]
    return {
        (document["rule"]["name"], document["vedette"]["alert"]["id"])
        for document in found
        if document["vedette"]["alert"]["kind"] == kind
    }


@pytest.mark.parametrize("lateness", [BUDGET, None])
def test_the_same_rules_adopted_anywhere_give_the_same_alerts(
    tmp_path: Path, maker: AlertMaker, lateness: Any
) -> None:
    found = rules(
        tmp_path / "a",
        correlation("Many", "many", **MANY),
        correlation("Then", type="temporal_ordered", rules=["many", "b"], group_by=["user"],
                    generate=True),
        correlation("Few", **FEW),
    )  # fmt: skip
    rng = Random(3)
    for _ in range(8):
        events = records(rng)
        wanted, sink = OnceSink(), OnceSink()
        plain = pipeline(found, maker, wanted, MemoryState(), lateness)
        plain.drain(ListSource(events, [7]))
        plain.finish()
        one = pipeline(found, maker, sink, MemoryState(), lateness)

        def after(_events: int, _written: Written, one: Pipeline = one) -> None:
            if rng.random() < 0.5:
                correlator = Correlator.of(found, fail_on_problem, lateness=lateness)
                one.adopt(Detector(found.rules, fail_on_problem), correlator)

        one.drain(ListSource(events, [7]), after=after)
        one.finish()
        assert set(sink.stored) == set(wanted.stored)
        assert len(titles(sink)) > 10


def event(second: float, kind: str) -> Record:
    document = {
        "logsource.product": "any", "user": "x", "kind": kind,
        "@timestamp": f"2026-01-01T12:00:{second:02}Z",
    }  # fmt: skip
    return Record(document, "list", id=f"{second}{kind}")


def test_a_correlation_that_was_changed_starts_afresh_and_the_others_go_on(
    tmp_path: Path, maker: AlertMaker
) -> None:
    id = {"id": "6f0c2f2e-3f7e-4f0b-8d5a-111111111111"}
    same, old = correlation("Same", **MANY), correlation("Changed", **MANY)
    new, gone = correlation("Changed", **{**MANY, "timespan": "11s"}), correlation("Gone", **MANY)
    before = rules(tmp_path / "a", same, {**old, **id}, gone)
    after = rules(tmp_path / "b", same, {**new, **id})
    sink, told, clock = OnceSink(), [], Clock()
    one = pipeline(before, maker, sink, MemoryState(), clock=clock)
    events = [event(1, "a"), event(2, "a"), event(20, "b")]
    one.drain(ListSource(events, [9]))
    adopt(one, after, told)
    assert [problem.message for problem in told] == [
        "Gone: is there no more, nor its 1 groups",
        "Changed: was changed and starts afresh, without 1 groups",
    ]
    events += [event(3, "a"), event(40, "b")]
    one.drain(ListSource(events, [9]))
    assert {title for title, _ in titles(sink)} == {"Same"}


def test_a_correlation_that_came_later_hears_what_comes_from_then_on(
    tmp_path: Path, maker: AlertMaker
) -> None:
    none, some = rules(tmp_path / "a"), rules(tmp_path / "b", correlation("Many", **MANY))
    sink, state = OnceSink(), MemoryState()
    one = Pipeline(Detector(none.rules, fail_on_problem), maker, sink, state, Clock(),
                   sources=("list",))  # fmt: skip
    events = [event(1, "a")]
    one.drain(ListSource(events, [9]))
    adopt(one, some)
    events += [event(2, "a"), event(3, "a"), event(4, "a"), event(20, "b")]
    one.drain(ListSource(events, [9]))
    assert {title for title, _ in titles(sink)} == {"Many"}
    assert KEY in (state.load("list") or {})


def test_correlations_adopted_in_the_middle_of_a_poll_number_their_state_on(
    tmp_path: Path, maker: AlertMaker
) -> None:
    none, some = rules(tmp_path / "a"), rules(tmp_path / "b", correlation("Many", **MANY))
    state, sink = MemoryState(), OnceSink()
    events = [event(1, "a"), event(2, "a"), event(9, "b")]
    old = pipeline(some, maker, sink, state, sources=("list", "other"))
    old.drain(ListSource(events, [1]))
    state.commit("other", state.load("list"), {})
    number = (state.load("other") or {})[KEY]["number"]
    one = Pipeline(Detector(none.rules, fail_on_problem), maker, sink, state, Clock(),
                   sources=("list", "other"))  # fmt: skip
    events += [event(10, "b"), event(11, "a"), event(30, "b")]
    one.drain(ListSource(events, [1]), after=lambda *_: adopt(one, some))
    assert (state.load("list") or {})[KEY]["number"] > number


def test_correlations_that_went_leave_no_state_behind(tmp_path: Path, maker: AlertMaker) -> None:
    none, some = rules(tmp_path / "a"), rules(tmp_path / "b", correlation("Many", **MANY))
    state, sink = MemoryState(), OnceSink()
    one = pipeline(some, maker, sink, state)
    events = [event(1, "a"), event(2, "a")]
    one.drain(ListSource(events, [9]))
    assert KEY in (state.load("list") or {})
    adopt(one, none)
    events += [event(3, "a")]
    one.drain(ListSource(events, [9]))
    assert KEY not in (state.load("list") or {})
    assert titles(sink) == set()


def test_a_rule_that_was_changed_matches_as_it_is_now(tmp_path: Path, maker: AlertMaker) -> None:
    found = rules(tmp_path / "a")
    sink = OnceSink()
    one = pipeline(found, maker, sink, MemoryState())
    events = [event(1, "a")]
    one.drain(ListSource(events, [9]))
    fewer = replace(found, rules=[rule for rule in found.rules if rule.title != "Rule a"])
    adopt(one, fewer)
    events += [event(2, "a"), event(3, "b")]
    one.drain(ListSource(events, [9]))
    assert sorted(title for title, _ in titles(sink, "sigma")) == ["Rule a", "Rule b"]
