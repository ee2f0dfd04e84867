"""Windows over streams, beside what is plainly right."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.feature.windows import Window, by_entity, by_gap, sequences, sliding, timed

STREAM = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-50, 50), st.integers(0, 9)), max_size=40
)


def columns(stream: list[tuple[str, int, int]]) -> tuple[list[str], list[float], list[int]]:
    return [e for e, _, _ in stream], [float(t) for _, t, _ in stream], [n for _, _, n in stream]


def belong_together(windows: list[Window], stream: list[tuple[str, int, int]]) -> None:
    """Every window has events of its entity, in the order of time and then of the stream."""
    for window in windows:
        assert window.events == tuple(stream[at][2] for at in window.positions)
        assert {stream[at][0] for at in window.positions} == {window.entity}
        keys = [(stream[at][1], at) for at in window.positions]
        assert keys == sorted(keys)
    assert [w.start for w in windows] == sorted(w.start for w in windows)


@given(STREAM, st.integers(1, 20), st.integers(1, 6))
def test_sessions_take_every_event_once_and_end_at_a_gap(
    stream: list[tuple[str, int, int]], gap: int, longest: int
) -> None:
    windows = by_gap(*columns(stream), gap=gap, longest=longest)
    belong_together(windows, stream)
    assert sorted(at for w in windows for at in w.positions) == list(range(len(stream)))
    for window in windows:
        times = [stream[at][1] for at in window.positions]
        assert all(b - a <= gap for a, b in itertools.pairwise(times))
        assert (window.start, window.end) == (times[0], times[-1])
        assert len(window) <= longest
    for entity in "abc":
        own = [w for w in windows if w.entity == entity]
        for one, two in itertools.pairwise(own):
            assert two.start - one.end > gap or len(one) == longest


@given(STREAM, st.integers(1, 5), st.integers(1, 5))
def test_sliding_windows_leave_no_event_out_unless_the_step_is_longer(
    stream: list[tuple[str, int, int]], size: int, step: int
) -> None:
    windows = sliding(*columns(stream), size=size, step=step)
    belong_together(windows, stream)
    for entity in "abc":
        own = [w for w in windows if w.entity == entity]
        count = sum(e == entity for e, _, _ in stream)
        assert all(len(w) == min(size, count) for w in own)
        assert len(own) == (0 if not count else 1 + math.ceil(max(0, count - size) / step))
        if step <= size:
            assert len({at for w in own for at in w.positions}) == count


@given(STREAM, st.integers(1, 12), st.integers(1, 12), st.integers(-5, 5))
def test_windows_of_time_are_those_that_have_an_event(
    stream: list[tuple[str, int, int]], width: int, step: int, origin: int
) -> None:
    windows = timed(*columns(stream), width=width, step=step, origin=origin)
    belong_together(windows, stream)
    expected = {
        (entity, origin + number * step): [
            at
            for _, at in sorted(
                (t, at)
                for at, (e, t, _) in enumerate(stream)
                if e == entity and origin + number * step <= t < origin + number * step + width
            )
        ]
        for entity in "abc"
        for number in range(-70, 70)
    }
    assert {(w.entity, w.start): list(w.positions) for w in windows} == {
        key: positions for key, positions in expected.items() if positions
    }
    assert all(w.end == w.start + width for w in windows)


def test_windows_that_do_not_overlap_take_every_event_once_whatever_the_rounding() -> None:
    times = [number * 0.1 for number in range(1_000)]
    windows = timed(["a"] * 1_000, times, [1] * 1_000, width=0.1)
    assert sorted(at for w in windows for at in w.positions) == list(range(1_000))


def test_an_id_that_is_used_once_is_one_session() -> None:
    windows = by_entity(["b1", "b2", "b1"], [0.0, 5.0, 1e9], [1, 2, 3])
    assert sequences(windows) == [(1, 3), (2,)]


def test_a_long_pause_costs_nothing() -> None:
    assert len(timed(["a", "a"], [0.0, 1e9], [1, 1], width=1.0)) == 2


def test_nothing_gives_no_windows() -> None:
    assert by_gap([], [], [], 1) == sliding([], [], [], 1) == timed([], [], [], 1) == []


def test_what_is_no_stream_is_refused() -> None:
    with pytest.raises(DataError, match="2 entities, 1 times and 1 events"):
        by_gap(["a", "b"], [1.0], [1], 5)
    with pytest.raises(DataError, match="the time of event 1 is nan"):
        by_gap(["a", "b"], [1.0, math.nan], [1, 1], 5)
    with pytest.raises(DataError, match="gap must be more than 0"):
        by_gap(["a"], [1.0], [1], 0)
    with pytest.raises(DataError, match="make the step longer"):
        timed(["a"], [1.0], [1], 1e6, 1e-3)
