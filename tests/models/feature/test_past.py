"""Volumes: what an entity had in the windows before, with the quiet ones between."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.feature.past import BEFORE, Past
from models.feature.windows import timed

SOME = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.integers(1, 9)),
    unique_by=lambda each: each[:2],
)


def test_windows_without_an_event_count_as_none_and_are_told_as_quiet() -> None:
    past = Past()
    assert past.add("a", 7, 3).before == ()
    second = past.add("a", 10, 5)
    assert (second.before, second.quiet) == ((3, 0, 0), 2)
    assert past.add("b", 10, 1).before == ()


@given(SOME)
def test_it_is_what_a_table_of_all_counts_says(some: list[tuple[str, int, int]]) -> None:
    past, table, first = Past(), np.zeros((3, 61), dtype=int), dict[str, int]()
    for entity, number, events in sorted(some, key=lambda each: (each[1], each[0])):
        volume = past.add(entity, number, events)
        row = table["abc".index(entity)]
        since = max(first.setdefault(entity, number), number - BEFORE)
        assert volume.before == tuple(row[since:number].tolist())
        told = np.flatnonzero(row[:number])
        assert volume.quiet == (number - 1 - told[-1] if len(told) else 0)
        row[number] = events


@given(SOME, st.integers(0, 20))
def test_what_was_saved_goes_on_as_if_nothing_had_been(
    some: list[tuple[str, int, int]], cut: int
) -> None:
    ordered = sorted(some, key=lambda each: (each[1], each[0]))
    whole, first, second = Past(), Past(), Past()
    wanted = [whole.add(*each) for each in ordered]
    found = [first.add(*each) for each in ordered[:cut]]
    second.restore(json.loads(json.dumps(first.save())))
    assert found + [second.add(*each) for each in ordered[cut:]] == wanted


def test_the_entity_unheard_of_longest_makes_room_and_is_new_again() -> None:
    past = Past(most=2)
    for entity in "abac":
        past.add(entity, {"a": 1, "b": 2, "c": 4}[entity] + 2 * len(past.save()), 1)
    assert [entity for entity, *_ in past.save()] == ["a", "c"]
    assert past.add("b", 90, 1).before == ()


def test_a_window_that_is_not_later_is_refused() -> None:
    past = Past()
    past.add("a", 7, 3)
    with pytest.raises(DataError, match="window 7 of a comes after window 7"):
        past.add("a", 7, 1)


def test_events_beyond_a_bound_are_counted_too() -> None:
    (window,) = timed(["a"] * 3, [600.0, 601.0, 602.0], [1, 1, 1], 600)
    (told,) = Past().added([window])
    assert told.volume == ("a", 1, 3, (), 0)
