"""The set of seen matches is bounded, durable, and forgets only what cannot come again."""

from __future__ import annotations

import json

import pytest

from connectors.search.matched import Matched
from connectors.search.seen import KEY, key_of

OVERLAP = 600_000


def key(n: int) -> str:
    return key_of(f"logs/{n}", 1)


def test_it_survives_json() -> None:
    seen = Matched(OVERLAP, 1000)
    for n in range(500):
        seen.add(key(n), n * 1000)
    again = Matched(OVERLAP, 1000)
    again.load(json.loads(json.dumps(seen.dump())))
    assert all(key(n) in again for n in range(500))
    assert key(500) not in again
    assert again.dump() == seen.dump()


def test_the_oldest_go_first_when_it_is_full() -> None:
    seen = Matched(OVERLAP, 100)
    for n in range(150):
        seen.add(key(n), n * 1000)
    assert len(seen) <= 100
    assert seen.capped
    assert key(149) in seen
    assert key(0) not in seen


def test_even_one_crowded_moment_keeps_the_bound() -> None:
    seen = Matched(OVERLAP, 100)
    for n in range(1000):
        seen.add(key(n), 5)
    assert len(seen) <= 100
    assert seen.capped


def test_it_keeps_what_a_re_read_can_meet() -> None:
    seen = Matched(OVERLAP, 1000)
    for n in range(20):
        seen.add(key(n), n * 60_000)
    seen.forget_before(19 * 60_000)
    assert [n for n in range(20) if key(n) in seen] == list(range(9, 20))
    assert not seen.capped


def test_an_id_twice_is_one() -> None:
    seen = Matched(OVERLAP, 10)
    seen.add(key(1), 5)
    seen.add(key(1), 500_000)
    assert len(seen) == 1
    assert len("".join(seen.dump().values())) == KEY


def test_a_dump_does_not_change_with_what_comes_later() -> None:
    seen = Matched(OVERLAP, 10)
    seen.add(key(1), 5)
    before = seen.dump()
    seen.add(key(2), 6)
    assert len(before["0"]) == KEY


@pytest.mark.parametrize("dumped", [{"0": "abc"}, {"zero": ""}])
def test_what_it_did_not_write_is_refused(dumped: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Matched(OVERLAP, 10).load(dumped)
