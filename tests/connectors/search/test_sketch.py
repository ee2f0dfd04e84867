"""A sketch tells the few keys that came later, or says that it cannot."""

from __future__ import annotations

import random
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.search.seen import key_of
from connectors.search.sketch import _MODULUS, CELLS, FEW, MOST, SIZE, Sketch, _cells


def keys(first: int, last: int) -> list[str]:
    return [key_of(f"logs/{n}", 1) for n in range(first, last)]


def sketch(of: list[str]) -> Sketch:
    made = Sketch()
    for key in of:
        made.add(key)
    return made


@pytest.mark.parametrize("size", [0, 1, FEW, FEW + 1, 5000])
@pytest.mark.parametrize("late", [0, 1, 8])
def test_few_late_keys_are_told_whatever_the_size(size: int, late: int) -> None:
    old, new = keys(0, size), keys(size, size + late)
    mixed = old + new
    random.Random(size + late).shuffle(mixed)
    assert sketch(old).added(mixed) == set(new)


@pytest.mark.parametrize("late", [1, 5, 10, 20, 60, 400])
def test_what_is_told_is_never_wrong(late: int) -> None:
    told = 0
    for trial in range(60):
        old = keys(trial * 10_000, trial * 10_000 + 100)
        new = keys(-late - trial * 999, -trial * 999)
        found = sketch(old).added(old + new)
        assert found is None or found == set(new)
        told += found is not None
    assert told >= 55 if late <= 10 else told >= 0
    if late == 400:
        assert told == 0


def test_a_small_set_tells_many_and_refuses_too_many() -> None:
    old = keys(0, 10)
    assert sketch(old).added(keys(0, 3000)) == set(keys(10, 3000))
    assert sketch(old).added(keys(0, MOST + 11)) is None


@pytest.mark.parametrize("size", [10, 500])
def test_keys_that_are_gone_hide_no_late_ones(size: int) -> None:
    old = keys(0, size)
    for trial in range(50):
        new = keys(1000 + trial * 10, 1004 + trial * 10)
        found = sketch(old).added(old[3:] + new)
        assert found is None or found == set(new)


@pytest.mark.parametrize("size", [0, 5, FEW, 300])
def test_what_was_written_is_read_again(size: int) -> None:
    made = sketch(keys(0, size))
    again = Sketch.load(made.dump())
    assert again.count == size
    assert again.dump() == made.dump()
    assert again.added(keys(0, size + 4)) == set(keys(size, size + 4))


def test_the_size_of_what_is_written_is_bounded() -> None:
    assert len(sketch(keys(0, 50_000)).dump()) < 1000


@pytest.mark.parametrize("text", ["", "kshort", "c5", "c5.AAAA", "cx.AAAA", "k" + "A" * 16 * 49])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # binascii's, too
        Sketch.load(text)


@pytest.mark.parametrize("left", [0, 5, 300])
@pytest.mark.parametrize("right", [0, 5, 300])
def test_two_that_are_merged_are_one_of_all_their_keys(left: int, right: int) -> None:
    merged, both = sketch(keys(0, left)), keys(0, left + right)
    merged.merge(sketch(keys(left, left + right)))
    assert merged.count == left + right
    assert merged.dump() == sketch(both).dump()
    assert merged.added(keys(0, left + right + 3)) == set(keys(left + right, left + right + 3))


def test_one_without_a_limit_has_every_key_until_it_is_condensed() -> None:
    made = Sketch(None)
    for key in keys(0, 300):
        made.add(key)
    assert (made.exact, made.keys) == (True, set(keys(0, 300)))
    assert Sketch.load(made.dump(), None).keys == made.keys
    with pytest.raises(ValueError, match="cut off"):
        Sketch.load(made.dump())
    made.condense()
    assert (made.exact, made.count) == (False, 300)
    assert made.dump() == sketch(keys(0, 300)).dump()


def one_by_one(keys: list[str]) -> tuple[list[int], list[int]]:
    """The cells of some keys, each put there by itself."""
    counts, sums = [0] * CELLS, [0] * CELLS
    for each in keys:
        number = int.from_bytes(urlsafe_b64decode(each), "big")
        for cell in _cells(number):
            counts[cell] += 1
            sums[cell] = (sums[cell] + number) % _MODULUS
    return counts, sums


@given(st.lists(st.binary(min_size=SIZE, max_size=SIZE), unique=True), st.integers(0, 9))
def test_many_keys_at_a_time_are_as_one_after_another(some: list[bytes], room: int) -> None:
    keys = [urlsafe_b64encode(each).decode() for each in some]
    at_once, singly = Sketch(room), Sketch(room)
    at_once.update(keys[:3])
    at_once.update(keys[3:])
    for each in keys:
        singly.add(each)
    assert at_once.dump() == singly.dump()
    if not at_once.exact:
        assert (at_once._counts, at_once._sums) == one_by_one(keys)
