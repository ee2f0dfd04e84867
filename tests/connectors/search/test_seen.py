"""What is known of the overlap is bounded, durable, and forgets only what cannot come again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.search.seen import BINS, KEY, PARTS, Seen, Tally, key_of
from connectors.search.sketch import FEW, Sketch

OVERLAP = 600_000
BIN = OVERLAP // PARTS // BINS


def key(n: int) -> str:
    return key_of(f"logs/{n}", 1)


def filled(events: int, limit: int, step: int = 1000) -> Seen:
    made = Seen(OVERLAP, limit)
    for n in range(events):
        made.add(key(n), n * step % OVERLAP)
    return made


def again(seen: Seen) -> Seen:
    """What the next process knows."""
    made = Seen(OVERLAP, seen.limit)
    made.load(json.loads(json.dumps(seen.dump())))
    return made


def test_it_survives_json() -> None:
    seen = filled(500, 100, step=50)
    seen.settle(3, Tally(2, 7))
    other = again(seen)
    assert (len(other), other.keys) == (500, seen.keys)
    assert other.dump() == seen.dump()
    assert other.unsettled({3: Tally(2, 7)}) == seen.unsettled({3: Tally(2, 7)})


def test_the_oldest_bins_are_condensed_when_there_are_many_events() -> None:
    seen = filled(5 * FEW, FEW, step=BIN // FEW)
    assert seen.condensed
    assert len(seen) == 5 * FEW
    assert key(5 * FEW - 1) in seen.keys
    assert key(0) not in seen.keys
    assert seen.known(0).added([key(n) for n in range(FEW + 9)]) is not None


def test_nothing_is_condensed_up_to_the_limit() -> None:
    seen = filled(500, 500)
    assert not seen.condensed
    assert seen.keys == {key(n) for n in range(500)}


@pytest.mark.parametrize("step", [0, 1, 500])
def test_what_is_stored_is_bounded_whatever_the_number_of_events(step: int) -> None:
    limit = 1000
    seen = filled(10_000, limit, step=step)
    size = len(json.dumps(seen.dump()))
    assert size < KEY * (limit + (PARTS + 1) * BINS * FEW) + 50 * (PARTS + 1) * BINS
    assert len(json.dumps(again(seen).dump())) == size


def test_it_keeps_what_a_look_at_the_overlap_can_meet() -> None:
    gone: list[tuple[int, int, int]] = []
    seen = Seen(
        OVERLAP, 1000, lambda time, events, absent: gone.append((time, events.count, absent))
    )
    for n in range(20):
        seen.add(key(n), n * 60_000)
    seen.counted({seen.bin(3 * 60_000): 0, seen.bin(4 * 60_000): 1})
    seen.forget_before(19 * 60_000)
    assert [n for n in range(20) if key(n) in seen.keys] == list(range(9, 20))
    assert gone == [(n * 60_000, 1, n == 3) for n in range(9)]


def test_whole_parts_leave_so_that_a_sweep_meets_no_half_of_one() -> None:
    seen = Seen(OVERLAP, 1000)
    assert seen.width == OVERLAP // PARTS
    assert [seen.edge(OVERLAP + n) for n in (0, seen.width - 1, seen.width)] == [0, 0, seen.width]


def test_an_id_twice_is_one() -> None:
    seen = Seen(OVERLAP, 10)
    seen.add(key(1), 5)
    seen.add(key(1), 5)
    assert len(seen) == 1


def test_a_dump_does_not_change_with_what_comes_later() -> None:
    seen = Seen(OVERLAP, 10)
    seen.add(key(1), 5)
    before = seen.dump()
    seen.add(key(2), 6)
    seen.settle(0, Tally(2, 3))
    assert before == {"bin": BIN, "events": {"0": f"k{key(1)}"}, "tallies": {}}


def test_a_bin_is_unsettled_until_all_that_the_cluster_has_of_it_is_known() -> None:
    seen = Seen(OVERLAP, 10)
    assert seen.unsettled({}) == []
    assert seen.unsettled({4: Tally(1, 9)}) == [4]
    seen.add(key(1), 4 * BIN)
    assert seen.unsettled({4: Tally(1, 9)}) == [4]
    seen.settle(4, Tally(1, 9))
    assert seen.unsettled({4: Tally(1, 9)}) == []
    assert seen.unsettled({4: Tally(1, 10)}) == [4]
    assert seen.unsettled({}) == [4]
    seen.add(key(2), 4 * BIN)
    assert seen.unsettled({4: Tally(1, 9)}) == [4]


def test_the_events_of_a_bin_can_be_replaced() -> None:
    seen = filled(300, 1000, step=1)
    seen.settle(0, Tally(300, 1))
    other = Sketch()
    other.add(key(7))
    seen.replace(0, other)
    assert (len(seen), seen.keys) == (1, {key(7)})
    assert seen.unsettled({0: Tally(300, 1)}) == [0]


def test_bins_of_another_length_are_not_taken_up() -> None:
    other = Seen(2 * OVERLAP, 1000)
    other.load(filled(10, 1000).dump())
    assert len(other) == 0


def test_versions_of_a_document_are_apart_and_any_text_is_an_id() -> None:
    assert key_of("a", 1) != key_of("a", 2)
    assert key_of("1:a", 1) != key_of("a", 11)
    assert len(key_of("\ud800", 1)) == KEY


@pytest.mark.parametrize(
    "changed",
    [{"bin": "x"}, {"events": {"0": "kabc"}}, {"events": {"x": ""}}, {"tallies": {"0": [1]}}],
)
def test_what_it_did_not_write_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Seen(OVERLAP, 10).load({**Seen(OVERLAP, 10).dump(), **changed})


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 40 * BIN))), st.sampled_from([0, 3, 60])
)
def test_many_events_at_a_time_are_as_one_after_another(
    events: list[tuple[int, int]], limit: int
) -> None:
    at_once, singly = Seen(OVERLAP, limit), Seen(OVERLAP, limit)
    keyed = sorted(((key(n), time) for n, time in events), key=lambda each: each[1])
    at_once.update(keyed[:5])
    at_once.update(keyed[5:])
    for name, time in keyed:
        singly.add(name, time)
    assert at_once.dump() == singly.dump()
    assert (len(at_once), at_once.keys) == (len(singly), singly.keys)
