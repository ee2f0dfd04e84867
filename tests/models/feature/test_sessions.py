"""Sessions within spans of time, beside what is plainly right."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.feature.sessions import number_of, within_spans

STREAM = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(-50, 50), st.integers(0, 9)), max_size=30
)


def plainly(
    stream: list[tuple[str, int, int]], gap: int, span: int
) -> list[tuple[str, float, float, tuple[int, ...]]]:
    """Event by event: a session goes on while the pause is short and the span the same."""
    found: list[tuple[str, list[tuple[int, int]]]] = []
    for entity in sorted({each for each, _, _ in stream}):
        own = sorted(((t, n) for e, t, n in stream if e == entity), key=lambda event: event[0])
        for time, number in own:
            known = found and found[-1][0] == entity
            last = found[-1][1][-1][0] if known else None
            if last is None or time - last > gap or time // span != last // span:
                found.append((entity, []))
            found[-1][1].append((time, number))
    return sorted(
        (entity, float(each[0][0]), float(each[-1][0]), tuple(number for _, number in each))
        for entity, each in found
    )


@given(STREAM, st.integers(1, 9), st.integers(10, 40))
def test_they_end_at_a_gap_and_where_a_span_does(
    stream: list[tuple[str, int, int]], gap: int, span: int
) -> None:
    entities, times, numbers = ([each[at] for each in stream] for at in range(3))
    windows = within_spans(entities, [float(t) for t in times], numbers, gap, span)
    assert sorted((w.entity, w.start, w.end, w.events) for w in windows) == plainly(
        stream, gap, span
    )
    assert sorted(at for w in windows for at in w.positions) == list(range(len(stream)))
    assert [w.start for w in windows] == sorted(w.start for w in windows)


@given(st.floats(-1e10, 1e10), st.sampled_from([1.0, 0.7, 600.0, 86_400.0]))
def test_a_moment_lies_in_its_span(time: float, span: float) -> None:
    number = number_of(time, span)
    assert number * span <= time < (number + 1) * span


def test_times_that_are_none_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="the time of event 1 is nan"):
        within_spans("ab", [0.0, float("nan")], [1, 2], 5, 60)


def test_a_machine_that_is_never_silent_has_a_session_in_every_span() -> None:
    windows = within_spans(["a"] * 100, list(map(float, range(100))), [1] * 100, 5, 30)
    assert [len(each) for each in windows] == [30, 30, 30, 10]
    assert all(b.start - a.end == 1 for a, b in itertools.pairwise(windows))
