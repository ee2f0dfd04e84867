"""One instance's side of the leases, on a clock of the test's own."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import StateError
from engine.lease import Board, Lease, Member, Tenant

TTL = 15.0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class House:
    """A board in memory, and instances that take turns on it."""

    def __init__(self, *units: str) -> None:
        self.units, self.board, self.clock = units, Board(), Clock()

    def tenant(self, name: str, **how: Any) -> Tenant:
        member = Member(how.pop("ttl", TTL), units=how.pop("units", self.units))
        return Tenant(name, member, clock=self.clock, **how)

    def turn(self, *tenants: Tenant) -> None:
        for tenant in tenants:
            written = tenant.turn(self.board)
            self.board = Board.of(written.document())
            tenant.wrote(self.board)
            for unit in tenant.surplus:
                tenant.release(unit)

    def beats(self, number: int, *tenants: Tenant) -> None:
        for _ in range(number):
            self.clock.now += TTL / 3
            self.turn(*tenants)

    def owners(self) -> dict[str, str | None]:
        return {unit: lease.owner for unit, lease in self.board.leases.items()}


def held(tenant: Tenant) -> set[str]:
    return {unit for unit in tenant.me.units if tenant.token(unit) is not None}


def test_alone_it_has_everything_at_once() -> None:
    house = House("a", "b", "c")
    one = house.tenant("one")
    assert held(one) == set()
    house.turn(one)
    assert held(one) == {"a", "b", "c"}
    assert [one.token(unit) for unit in "abc"] == [1, 1, 1]


def test_what_is_owned_stays_owned_under_the_same_token() -> None:
    house = House("a")
    one = house.tenant("one")
    house.beats(50, one)
    assert one.token("a") == 1


@pytest.mark.parametrize(("units", "instances", "shares"), [
    (1, 2, [0, 1]), (2, 2, [1, 1]), (3, 2, [1, 2]), (4, 3, [1, 1, 2]), (9, 2, [4, 5]),
    (200, 3, [66, 67, 67]), (2, 5, [0, 0, 0, 1, 1]),
])  # fmt: skip
def test_shares_differ_by_one_at_most_and_then_rest(
    units: int, instances: int, shares: list[int]
) -> None:
    house = House(*(f"u{n:03}" for n in range(units)))
    tenants = [house.tenant(f"i{n}") for n in range(instances)]
    house.turn(tenants[0])
    house.beats(20, *tenants)
    assert sorted(len(held(tenant)) for tenant in tenants) == shares
    before = house.owners()
    house.beats(20, *tenants)
    assert house.owners() == before


def test_who_is_silent_for_its_time_to_live_loses_all_and_the_tokens_grow() -> None:
    house = House("a", "b")
    one, other = house.tenant("one"), house.tenant("other")
    house.beats(5, one, other)
    lost = held(one)
    assert len(lost) == 1
    house.beats(2, other)
    assert held(one) == lost
    house.beats(2, other)
    assert held(other) == {"a", "b"}
    assert held(one) == set()
    tokens = {unit: other.token(unit) for unit in "ab"}
    assert {unit for unit, token in tokens.items() if token == 2} >= lost


def test_the_owner_doubts_itself_before_anybody_else_does() -> None:
    house = House("a")
    one, other = house.tenant("one"), house.tenant("other")
    house.turn(one, other)
    for _ in range(200):
        house.clock.now += 0.1
        owned = one.token("a") is not None
        house.turn(other)
        if other.token("a"):
            break
        assert owned or house.clock.now - 100.0 >= TTL
    assert one.token("a") is None
    assert TTL <= house.clock.now - 100.0 <= TTL + 0.2


def test_what_an_observer_did_not_see_itself_counts_for_nothing() -> None:
    """The times on the board are of other clocks, and the beat stopped long ago: it waits."""
    house = House("a")
    dead = Member(TTL, 7, ("a",), since="1970-01-01T00:00:00Z", seen="1970-01-01T00:00:00Z")
    house.board = Board({"dead": dead}, {"a": Lease("dead", 41)})
    late = house.tenant("late")
    house.turn(late)
    house.beats(2, late)
    assert held(late) == set()
    house.beats(1, late)
    assert late.token("a") == 42


def test_each_instance_is_given_the_time_that_it_asked_for() -> None:
    house = House("a")
    patient, quick = house.tenant("patient", ttl=60.0), house.tenant("quick", ttl=3.0)
    house.turn(patient)
    house.beats(11, quick)
    assert held(quick) == set()
    house.beats(2, quick)
    assert held(quick) == {"a"}


def test_who_is_known_to_be_gone_is_not_waited_for() -> None:
    house = House("a")
    house.turn(house.tenant("one"))
    other = house.tenant("other", gone=lambda member: True)
    house.turn(other)
    assert other.token("a") == 2


def test_who_leaves_is_followed_at_the_next_turn() -> None:
    house = House("a")
    one, other = house.tenant("one"), house.tenant("other")
    house.turn(one, other)
    one.leaving = True
    house.turn(one)
    assert held(one) == set()
    assert "one" not in house.board.members
    house.turn(other)
    assert other.token("a") == 2


def test_who_wakes_after_it_was_given_up_finds_that_it_owns_nothing_and_joins_again() -> None:
    house = House("a", "b")
    one, other = house.tenant("one"), house.tenant("other")
    house.turn(one)
    house.beats(5, other)
    assert held(other) == {"a", "b"}
    house.turn(one)
    assert held(one) == set()
    house.beats(3, one, other)
    assert len(held(one)) == len(held(other)) == 1


def test_what_only_one_can_do_is_left_to_it() -> None:
    house = House()
    able, other = house.tenant("able", units=("a", "b", "c", "d")), house.tenant("z", units=("d",))
    house.turn(able)
    house.beats(20, able, other)
    assert held(able) == {"a", "b", "c"}
    assert held(other) == {"d"}


def test_a_unit_that_is_no_more_is_given_up_and_its_token_is_kept() -> None:
    house = House("a")
    house.turn(house.tenant("one"))
    house.board = Board(house.board.members, {**house.board.leases, "old": Lease("one", 9)})
    one = house.tenant("one")
    house.turn(one)
    assert house.board.leases["old"] == Lease(None, 9, "")


def test_a_write_whose_answer_was_lost_is_found_out_at_the_next_turn() -> None:
    house = House("a")
    one = house.tenant("one")
    house.board = one.turn(house.board)  # written, and one never learns of it
    assert held(one) == set()
    house.turn(one)
    assert one.token("a") == 1


def test_a_board_that_was_refused_changes_nothing() -> None:
    house = House("a")
    one, other = house.tenant("one"), house.tenant("other")
    one.turn(house.board)
    house.turn(other)
    assert held(one) == set()
    assert other.token("a") == 1


def test_a_state_under_a_greater_token_is_outbid() -> None:
    house = House("a")
    one = house.tenant("one")
    house.turn(one)
    one.outbid("a", 17)
    house.turn(one)
    assert one.token("a") == 18


@pytest.mark.parametrize("wrong", [
    {}, {"version": 1}, {"version": 1, "members": {}, "leases": {"a": 3}}, None, 7,
    {"version": 1, "members": {"x": {"units": []}}, "leases": {}},
    {"version": 1, "members": {}, "leases": {"a": {"owner": None, "token": "1"}}},
    {"version": 1, "members": {}, "leases": {"a": {"owner": None, "token": 1, "more": 1}}},
    {"version": 1, "members": {}, "leases": {"a": {"owner": 7, "token": 1}}},
    {"version": 1, "members": {"x": {"units": [], "ttl": "15"}}, "leases": {}},
    {"version": 1, "members": {"x": {"units": [], "ttl": float("nan")}}, "leases": {}},
    {"version": 1, "members": {"x": {"units": [], "ttl": 1e9}}, "leases": {}},
])  # fmt: skip
def test_what_is_no_board_is_refused(wrong: Any) -> None:
    with pytest.raises(StateError, match="leases"):
        Board.of(wrong)
