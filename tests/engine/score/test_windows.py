"""Open windows are those of training, end, and hold no more than they may."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.score.codec import packed, unpacked
from engine.score.limits import NEW, SAMPLES, Limits
from engine.score.window import Hit, Open, Sample
from engine.score.windows import Windows
from models.feature.windows import timed
from models.graph.edge import Edge
from tests.engine.score.streams import put

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["host.name=a", "host.name=b"]),
        st.floats(-500, 5000, allow_nan=False).map(lambda time: round(time, 3)),
        st.integers(0, 5),
    ),
    max_size=40,
)


def windows(limits: Limits | None = None, width: float = 60.0) -> tuple[Windows, list[str]]:
    told: list[str] = []
    return Windows(
        width, limits or Limits(), lambda kind, text: told.append(f"{kind}: {text}")
    ), told


@given(EVENTS, st.sampled_from([60.0, 0.7, 600.0]))
def test_they_are_those_that_training_makes_of_the_same_events(
    events: Sequence[tuple[str, float, int]], width: float
) -> None:
    one, _ = windows(width=width)
    for entity, time, number in events:
        assert put(one, entity, time, number)
    entities, times, numbers = [[each[at] for each in events] for at in range(3)]
    wanted = [(w.entity, w.start, w.events) for w in timed(entities, times, numbers, width)]
    found = [(w.entity, w.start, w.events()[1]) for w in one.due(float("inf"))]
    assert sorted(found) == sorted(wanted)


def test_what_comes_for_a_window_that_is_over_is_not_taken() -> None:
    one, _ = windows()
    assert put(one, "host.name=a", 59)
    assert put(one, "host.name=a", 60)
    assert [window.start for window in one.due(60)] == [0]
    assert not put(one, "host.name=b", 1)
    assert put(one, "host.name=b", 60)
    assert len(one) == 2


def test_a_window_is_not_over_before_its_end() -> None:
    one, _ = windows()
    put(one, "host.name=a", 10)
    assert one.due(59.9) == []
    assert put(one, "host.name=a", 59)


def test_events_beyond_the_bound_of_a_window_are_counted_and_said() -> None:
    one, told = windows(Limits(window=3))
    for time in range(5):
        put(one, "host.name=a", time)
    (window,) = one.due(60)
    assert (len(window.times), window.over) == (3, 2)
    assert told == ["models-capped: windows have more than 3 events; the rest is counted"]


def test_too_many_events_close_the_oldest_windows_and_say_so() -> None:
    one, told = windows(Limits(held=10))
    for minute in range(11):
        put(one, "host.name=a", minute * 60)
    assert [window.start for window in one.relieve()] == [minute * 60 for minute in range(6)]
    assert one.held == 5
    assert one.relieve() == []
    assert not put(one, "host.name=a", 0)
    assert told[0].startswith("models-capped: windows hold more than 10 events")


def test_samples_are_few_and_those_of_new_and_rare_kinds_are_kept() -> None:
    one, _ = windows()
    for number in range(1, 30):
        put(one, "host.name=a", number, number)
    put(one, "host.name=a", 31, 0, "new")
    (window,) = one.due(60)
    assert len(window.samples) == SAMPLES
    assert sorted(sample.number for sample in window.samples) == [0, *range(23, 30)]


def test_of_very_many_new_kinds_a_few_are_kept_in_words() -> None:
    one, _ = windows()
    for at in range(100):
        put(one, "host.name=a", at / 10, 0, f"new {at}")
    (window,) = one.due(60)
    assert [fields["EventID"] for fields in window.fields] == [f"new {at}" for at in range(NEW)]
    assert len(window.seen) == NEW


def test_text_over_the_bound_goes_first_where_nothing_speaks_for_the_window() -> None:
    one, told = windows(Limits(text=300))
    put(one, "host.name=a", 0, 0, "x" * 30)
    for number in range(1, 9):
        put(one, "host.name=b", 100 + number, number, "x" * 30)
    telling, other = one.due(float("inf"))
    assert [sample.text is None for sample in telling.samples] == [False]
    assert sum(sample.text is not None for sample in other.samples) < 8
    assert told[0].startswith("models-capped: events to be shown take more than 300 bytes")


def test_what_was_saved_goes_on_as_it_was() -> None:
    one, _ = windows()
    for number in range(4):
        put(one, "host.name=a", number + 0.123456, number, "é\udc80" if number == 2 else "x")
    one.due(-100)
    other, _ = windows()
    other.restore(one.save())
    assert other.held == one.held
    assert other.closed == one.closed
    assert other.save() == one.save()


def test_a_window_comes_back_whole_from_its_packed_form() -> None:
    hits = {"r": Hit("r", "Rule", "high", ("attack.t1003",), 3)}
    sample = Sample(5, 2, 1.5, None, "o", 7, b'{"a":1}')
    window = Open(
        "user.name=a", 60.0, array("d", [1.5, 0.1]), array("i", [2, 0]), 4, {1, "new"}, [sample],
        hits, [{"EventID": 7}], {Edge("user-host", "amy", "ws1"): 2},
    )  # fmt: skip
    assert unpacked(packed(window)) == window
    before = {key: value for key, value in packed(window).items() if key != "edges"}
    assert unpacked(before) == replace(window, edges={})
