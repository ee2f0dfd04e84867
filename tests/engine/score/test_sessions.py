"""Open sessions are those of the library whatever order events come in, also after a restart."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.score.absorb import absorb
from engine.score.limits import HITS, NEW, SAMPLES, Limits
from engine.score.model import Model
from engine.score.sessions import Sessions
from engine.score.window import Hit, Open, Sample
from models.bundle.plan import Plan
from models.feature.sessions import within_spans
from models.graph.edge import Edge
from tests.engine.score.parts import (
    at,
    ensemble,
    epoch,
    ordinary,
    own,
    record,
    strange,
    told,
)
from tests.engine.score.streams import fitted, put, resumed, shown

GAP, SPAN, LATE = 20.0, 100.0, 30.0
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["host.name=a", "host.name=a", "host.name=b"]),
        st.integers(0, 600).map(lambda quarters: quarters / 4),
        st.integers(1, 5),
        st.integers(0, 120).map(lambda quarters: quarters / 4),
    ),
    max_size=40,
)
"""Entity, time, number, and by how much it comes late; in quarters, which add up exactly."""


def sessions(limits: Limits | None = None) -> tuple[Sessions, list[str]]:
    said: list[str] = []
    return Sessions(GAP, SPAN, limits or Limits(), lambda kind, text: said.append(text)), said


@given(EVENTS, st.lists(st.booleans(), min_size=40, max_size=40))
def test_they_are_those_that_training_makes_of_the_same_events(
    events: list[tuple[str, float, int, float]], cuts: list[bool]
) -> None:
    """Events come out of order within the lateness; at some of them all is saved and restored."""
    arrived = sorted(events, key=lambda each: each[1] + each[3])
    one, _ = sessions()
    found = []
    for (entity, time, number, late), cut in zip(arrived, cuts, strict=False):
        found += shown(one.due(time + late - LATE), one)
        assert put(one, entity, time, number)
        if cut:
            saved = json.loads(json.dumps(one.save()))
            one, _ = sessions()
            one.restore(saved)
    found += shown(one.due(float("inf")), one)
    entities, times, numbers = ([each[place] for each in arrived] for place in range(3))
    wanted = within_spans(entities, times, numbers, GAP, SPAN)
    assert sorted(found) == sorted((w.entity, w.start, w.end, w.events) for w in wanted)
    assert (len(one), one.held, one._text) == (0, 0, 0)


@given(EVENTS, st.lists(st.integers(0, 20), min_size=40, max_size=40))
def test_of_events_that_come_too_late_those_taken_make_the_same_sessions(
    events: list[tuple[str, float, int, float]], steps: list[int]
) -> None:
    """Whatever is not taken could have changed what was answered already."""
    one, _ = sessions()
    found, taken, before = [], [], 0
    for (entity, time, number, _), step in zip(events, steps, strict=False):
        before += step
        found += shown(one.due(before), one)
        if put(one, entity, time, number):
            taken.append((entity, time, number))
        else:
            assert time < before
    found += shown(one.due(float("inf")), one)
    entities, times, numbers = ([each[place] for each in taken] for place in range(3))
    wanted = within_spans(entities, times, numbers, GAP, SPAN)
    assert sorted(found) == sorted((w.entity, w.start, w.end, w.events) for w in wanted)


def test_a_session_is_over_when_its_gap_is_and_not_before() -> None:
    one, _ = sessions()
    put(one, "host.name=a", 10)
    assert one.due(30) == []
    assert put(one, "host.name=a", 30)  # so much is no longer than the gap
    assert one.due(50) == []
    assert len(one.due(50.1)) == 1
    assert not put(one, "host.name=a", 50)


def test_an_event_between_two_sessions_makes_them_one() -> None:
    one, _ = sessions()
    for time in (10, 42, 71, 25):
        assert put(one, "host.name=a", time)
    assert len(one) == 2
    assert put(one, "host.name=a", 60)
    assert shown(one.due(95), one) == [("host.name=a", 10, 71, (1,) * 5)]


def test_what_comes_late_before_an_open_session_may_be_of_one_that_was_answered() -> None:
    one, _ = sessions()
    put(one, "host.name=a", 10)
    assert len(one.due(31)) == 1
    assert put(one, "host.name=a", 45)
    assert not put(one, "host.name=a", 28)  # it would join both
    assert put(one, "host.name=a", 50)
    assert one.due(46) == []
    assert put(one, "host.name=a", 45.5)  # inside of what is open nothing is too late


def test_a_machine_that_is_never_silent_is_answered_with_each_span() -> None:
    one, _ = sessions()
    for time in range(250):
        put(one, "host.name=a", time)
    assert shown(one.due(200), one) == [
        ("host.name=a", 0, 99, (1,) * 100), ("host.name=a", 100, 199, (1,) * 100),
    ]  # fmt: skip


def test_too_many_events_close_what_would_be_over_soonest_and_say_so() -> None:
    one, said = sessions(Limits(held=10))
    for time in range(0, 330, 30):
        put(one, "host.name=a", time)
    assert [window.start for window in one.relieve()] == [0, 30, 60, 90, 120, 150]
    assert one.held == 5
    assert one.relieve() == []
    assert not put(one, "host.name=a", 160)
    assert said[0].startswith("windows hold more than 10 events")


def test_two_that_become_one_keep_what_both_knew_within_the_bounds() -> None:
    def made(first: float) -> Open:
        window = Open("host.name=a", first, end=first + 5)
        for step in range(6):
            window.times.append(first + step)
            window.numbers.append(step)
            window.note((1.0,))
            window.take(Sample(step, step, first + step, None, "o", None, b"12345"))
            window.fields.append({"EventID": first + step})
        for rule in range(HITS - 2):
            name = f"{rule + (first > 0) * 10}"
            window.hits[name] = Hit(name, "Rule", "high" if rule % 2 else "low", (), rule + 1)
        window.edges = {Edge("user-host", "amy", "ws1"): 2}
        return window

    left, right = made(0), made(100)
    assert absorb(left, right, 10) == (2, 5 * (SAMPLES - 12))
    assert (left.start, left.end, len(left.times), left.over) == (0, 105, 10, 2)
    assert [len(left.numbers), len(left.signals[0])] == [10, 10]
    assert [len(left.samples), len(left.fields), len(left.hits)] == [SAMPLES, NEW, HITS]
    assert left.hits["11"].times == 12 + 2
    assert left.edges == {Edge("user-host", "amy", "ws1"): 4}


PLAN = Plan({"new-value": {}, "count-vector": {}, "markov": {}}, width=600, gap=30)


@cache
def model() -> Model:
    return fitted("sessions", PLAN)


def test_an_alert_is_of_the_session_from_its_first_to_its_last_event() -> None:
    one, _ = ensemble(models=(model(),))
    (alert,) = told(one, [*ordinary(30, 300), *strange(340)])
    event = alert.document["event"]
    assert event["start"] == at(340 * 60).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert event["end"] == at(340 * 60 + 2).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    key = own(alert)["dedup_key"]
    assert key == f"sessions@{'a' * 12}:host.name=ws1|{int(epoch(340 * 60))}|gap 30"
    other, _ = ensemble(models=(model(),))
    (grown,) = told(other, [*strange(340), record(340 * 60 + 20, 1102)])
    assert grown.id == alert.id  # the same one, of which more has come


@settings(max_examples=10, deadline=None)
@given(st.lists(st.booleans(), min_size=60, max_size=60), st.integers(1, 7), st.randoms())
def test_a_run_that_is_taken_up_again_finds_what_an_unbroken_one_does(
    cuts: list[bool], batch: int, chance: Any
) -> None:
    """Whatever the batches, and with events that come up to a minute late."""
    records = [
        each for minute in (300, 302, 305, 330, 331) for each in strange(minute, f"WS{minute % 3}")
    ]
    records += ordinary(8, 340)
    order = sorted(
        records,
        key=lambda each: (str(each.document["@timestamp"])[:16], chance.random()),
    )
    whole = resumed(records, [False] * 60, 1, model, 1.0)
    assert len(whole) == 2  # as many as the budget of a day allows at most, the rest is held back
    assert {*resumed(order, cuts, batch, model, 1.0)} == {*whole}


def test_sessions_may_begin_in_all_of_a_span_that_is_not_over() -> None:
    """So that no day is closed before the last of its sessions was answered."""
    one, _ = sessions()
    assert (one.settled(250.0), one.settled(300.0)) == (200.0, 300.0)
    assert one.settled(float("inf")) == float("inf")
    put(one, "host.name=a", 205)
    assert [window.start for window in one.due(250.0)] == [205.0]
    assert one.settled(250.0) <= 205.0
    track = ensemble(models=(model(),))[0].tracks[0]
    assert track.settled(1_000.0) == 600.0


@pytest.mark.parametrize("wanted", [Plan(width=60), Plan(width=60, gap=None)])
def test_plans_without_a_gap_have_windows_of_time(wanted: Plan) -> None:
    assert "gap" not in wanted.as_json()
    assert Plan.of(wanted.as_json()) == wanted
    assert type(ensemble()[0].tracks[0].windows).__name__ == "Windows"
