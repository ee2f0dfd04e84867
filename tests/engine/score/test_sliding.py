"""Open windows that overlap are those of the library, and one of them is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.detect import Match
from engine.kinds import LogSource
from engine.rule import Rule
from engine.score.limits import Limits
from engine.score.model import Model
from engine.score.observe import observation
from engine.score.overlap import Overlaps
from engine.score.sliding import Sliding
from models.bundle.plan import Plan
from models.errors import ModelError
from models.feature.windows import timed
from tests.engine.score.parts import (
    NOW,
    at,
    ensemble,
    epoch,
    normalise,
    ordinary,
    own,
    record,
    see,
    strange,
    told,
)
from tests.engine.score.streams import fitted, put, resumed, shown

LATE = 30.0
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["host.name=a", "host.name=b"]),
        st.integers(-80, 1600).map(lambda quarters: quarters / 4),
        st.integers(1, 5),
        st.integers(0, 120).map(lambda quarters: quarters / 4),
    ),
    max_size=30,
)
"""Entity, time, number, and by how much it comes late; in quarters, which add up exactly."""
CUTS = st.lists(st.booleans(), min_size=30, max_size=30)
SHAPES = st.sampled_from([(60.0, 20.0), (60.0, 30.0), (12.0, 1.0)])


def sliding(
    length: float = 60.0, step: float = 20.0, limits: Limits | None = None
) -> tuple[Sliding, list[str]]:
    said: list[str] = []
    return Sliding(length, step, limits or Limits(), lambda kind, text: said.append(text)), said


def wanted(
    events: Sequence[tuple[str, float, int]], length: float, step: float
) -> list[tuple[Any, ...]]:
    entities, times, numbers = ([each[place] for each in events] for place in range(3))
    found = timed(entities, times, numbers, length, step)
    return sorted((w.entity, w.start, w.end, w.events) for w in found)


@given(EVENTS, CUTS, SHAPES)
def test_they_are_those_that_training_makes_of_the_same_events(
    events: list[tuple[str, float, int, float]], cuts: list[bool], shape: tuple[float, float]
) -> None:
    """Events come out of order within the lateness; at some of them all is saved and restored."""
    arrived = sorted(events, key=lambda each: each[1] + each[3])
    one, _ = sliding(*shape)
    found = []
    for (entity, time, number, late), cut in zip(arrived, cuts, strict=False):
        found += shown(one.due(time + late - LATE), one)
        assert put(one, entity, time, number)
        if cut:
            saved = json.loads(json.dumps(one.save()))
            one, _ = sliding(*shape)
            one.restore(saved)
    found += shown(one.due(float("inf")), one)
    assert sorted(found) == wanted([each[:3] for each in arrived], *shape)
    assert (len(one), one.held, one._text) == (0, 0, 0)


@given(EVENTS, st.lists(st.integers(0, 60), min_size=30, max_size=30), SHAPES)
def test_an_event_that_comes_too_late_is_in_none_of_its_windows(
    events: list[tuple[str, float, int, float]], steps: list[int], shape: tuple[float, float]
) -> None:
    one, _ = sliding(*shape)
    found, taken, before = [], [], 0
    for (entity, time, number, _), step in zip(events, steps, strict=False):
        before += step
        found += shown(one.due(before), one)
        if put(one, entity, time, number):
            taken.append((entity, time, number))
        else:
            assert time < before
    found += shown(one.due(float("inf")), one)
    assert sorted(found) == wanted(taken, *shape)


def test_a_window_is_over_at_its_end_and_its_last_piece_with_it() -> None:
    one, _ = sliding()
    put(one, "host.name=a", 50)
    assert one.due(59.9) == []
    assert put(one, "host.name=a", 45)
    assert shown(one.due(60), one) == [("host.name=a", 0, 60, (1, 1))]
    assert not put(one, "host.name=a", 59)
    assert put(one, "host.name=a", 60)
    assert shown(one.due(80), one) == [("host.name=a", 20, 80, (1, 1, 1))]
    assert one.at("host.name=a", 45) is not None  # a rule may match in it yet
    assert shown(one.due(100), one) == [("host.name=a", 40, 100, (1, 1, 1))]
    assert one.at("host.name=a", 45) is None
    assert (len(one), one.held) == (1, 1)


def test_too_many_events_close_the_oldest_windows_and_say_so() -> None:
    one, said = sliding(limits=Limits(held=10))
    for time in range(0, 220, 20):
        put(one, "host.name=a", time)
    assert [window.start for window in one.relieve()] == [-40 + 20 * at for at in range(8)]
    assert one.held == 5
    assert one.relieve() == []
    assert said[0].startswith("windows hold more than 10 events")


def test_a_window_is_capped_as_a_whole_and_its_pieces_stay_as_they_are() -> None:
    one, _ = sliding(limits=Limits(window=4))
    for time in range(0, 60, 10):
        put(one, "host.name=a", time, time)
    windows = {window.start: window for window in one.due(60)}
    assert windows[0.0].events()[1] == (0, 10, 20, 30)
    assert windows[0.0].over == 2
    assert [w.events()[1] for w in one.due(80)] == [(20, 30, 40, 50)]


def test_of_windows_that_overlap_one_is_told_unless_another_is_much_stranger() -> None:
    told_of = Overlaps(60.0)
    told_of.add("a", 100.0, -5.0)
    assert told_of.known("a", 159.0, -6.0)
    assert told_of.known("a", 41.0, -9.5)
    assert not told_of.known("a", 120.0, -9.7)  # a hundredth of p
    assert not told_of.known("a", 160.0, -5.0)
    assert not told_of.known("b", 100.0, -5.0)
    other = Overlaps(60.0)
    other.restore(json.loads(json.dumps(told_of.save())))
    assert other.known("a", 159.0, -6.0)
    other.forget(160.0)
    assert other.save() == []


PLAN = Plan({"new-value": {}, "count-vector": {}, "markov": {}}, width=120, step=30)


@cache
def model() -> Model:
    return fitted("sliding", PLAN)


def test_folds_share_no_event_and_what_lies_in_two_spans_is_not_learned() -> None:
    bundle = model().bundle
    seen = [each for each in map(observation, map(normalise, ordinary(200))) if each]
    every = bundle.windows(seen)
    apart = PLAN.apart(every)
    assert bundle.learned == len(apart)
    assert 0.9 < len(apart) / len(every) / PLAN.share < 1.1
    spans: dict[float, set[int]] = {}
    for window in apart:
        spans.setdefault(PLAN.block(window.start), set()).update(window.positions)
    assert sum(map(len, spans.values())) == len({at for each in spans.values() for at in each})
    # a day has as many windows as there are, those that were not learned too
    assert model().windows_a_day() == pytest.approx(len(every) / 2, rel=0.1)


def test_a_strange_event_is_one_alert_though_it_is_in_four_windows() -> None:
    """The strangest of them, as a hunt looks at whole days; the other alert is of the first window,
    before which the host is silent."""
    one, _ = ensemble(models=(model(),), alerts_a_day=5.0)
    events = [*ordinary(60, 300), *strange(340)]
    first, alert = told(one, events)
    assert first.anchor_time < at(301 * 60)
    seen = [each for each in map(observation, map(normalise, events)) if each]
    scored = model().bundle.score([each for each in seen if each.time > epoch(310 * 60)])
    assert own(alert)["scores"]["fused"] == min(each.p for each in scored)
    flagged = [each for each in scored if each.p <= own(alert)["scores"]["threshold"]]
    assert sum(each.window.start <= epoch(340 * 60) < each.window.end for each in flagged) == 4


def test_a_rule_in_one_of_its_pieces_vouches_for_a_window() -> None:
    one, _ = ensemble(models=(model(),), alerts_a_day=0.001)
    rule = Rule("r", "A rule", "medium", "test", LogSource(), (), (), "f", "o", {}, output=True)
    for each in strange(340):
        placed = see(one, each, NOW)
        assert placed is not None
        one.matched(placed, each, f"id-{each.id}", [Match(rule, normalise(each), "b", ())])
    (alert,) = one.finish(NOW)
    assert own(alert)["corroborated_by"] == [{"id": "r", "name": "A rule", "times": 3}]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.booleans(), min_size=60, max_size=60), st.integers(1, 7))
def test_a_run_that_is_taken_up_again_finds_what_an_unbroken_one_does(
    cuts: list[bool], batch: int
) -> None:
    records = [
        each for minute in (300, 301, 305, 330) for each in strange(minute, f"WS{minute % 2}")
    ]
    records += ordinary(8, 340)
    whole = resumed(records, [False] * 60, 1, model, 2.0)
    assert len(whole) >= 2
    assert resumed(records, cuts, batch, model, 2.0) == whole


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"step": 25.0}, "cannot begin every 25"),
        ({"step": 60.0}, "cannot begin every 60"),
        ({"step": 0.5}, "cannot begin every 0.5"),
        ({"width": 6000.0, "step": 60.0}, "each event would be in 100 windows"),
        ({"step": 20.0, "gap": 5.0}, "has no step"),
        ({"step": 20.0, "detectors": {"volume-ewma": {}}}, "a part of that is in it"),
    ],
)
def test_steps_that_cannot_be_are_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Plan(**{"width": 60.0, **more})


def test_a_plan_with_a_step_comes_back_whole() -> None:
    assert Plan.of(json.loads(json.dumps(PLAN.as_json()))) == PLAN
    assert "step" not in Plan().as_json()
    assert epoch(0) % PLAN.width == 0
    assert record(0).document["Computer"] == "WS1"
