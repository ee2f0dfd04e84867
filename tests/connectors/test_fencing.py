"""What every store must refuse: state and leases of whoever does not own them any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.search import ClusterLeases, ClusterState
from connectors.sqlite import SqliteLeases, SqliteState
from engine.errors import LeaseError, StateError
from engine.lease import Board, Lease, Member
from engine.ports import FencedState, Leases
from tests.connectors.search.double import HOST, FakeClient, Patient, refusal

ONE = Board({"a": Member(15.0, 1, ("u",), "m", 7, 9, "then", "now")}, {"u": Lease("a", 1, "then")})


@dataclass
class Place:
    """A store that several instances share: each call gives another instance's view."""

    state: Callable[[], FencedState]
    leases: Callable[[], Leases]


@pytest.fixture(params=["cluster", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    opened: list[FencedState | Leases] = []

    def kept(store: FencedState | Leases) -> FencedState | Leases:
        opened.append(store)
        return store

    if request.param == "cluster":
        client, retry = FakeClient(), Patient().retry
        yield Place(lambda: ClusterState(client, retry=retry), lambda: ClusterLeases(client))
        return
    path = tmp_path / "vedette.sqlite"
    yield Place(
        lambda: kept(SqliteState(path)),  # type: ignore[return-value,arg-type]
        lambda: kept(SqliteLeases(path)),  # type: ignore[return-value,arg-type]
    )
    for store in opened:
        store.close()


def test_a_commit_under_an_older_token_is_refused_and_leaves_the_state_as_it_was(
    place: Place,
) -> None:
    old, new = place.state(), place.state()
    old.claim(["s"], 1)
    old.commit("s", {"mark": 1}, {"h": 1})
    new.claim(["s"], 2)
    with pytest.raises(LeaseError, match=r"'s'.* is owned by another instance now") as caught:
        old.commit("s", {"mark": 2}, {"h": 2})
    assert caught.value.found == 2
    assert new.load("s") == {"mark": 1}
    assert new.occurrences("s", ["h"]) == {"h": 1}
    new.commit("s", {"mark": 3}, {})
    assert place.state().load("s") == {"mark": 3}


def test_whoever_lost_a_source_cannot_load_it_again_and_go_on(place: Place) -> None:
    old, new = place.state(), place.state()
    old.claim(["s"], 1)
    new.claim(["s"], 2)
    for _ in range(2):
        with pytest.raises(LeaseError):
            old.load("s")
        with pytest.raises(LeaseError):
            old.commit("s", {"mark": 9}, {})
    assert new.load("s") is None


def test_a_claim_under_an_older_token_is_refused_with_the_token_that_is_there(
    place: Place,
) -> None:
    place.state().claim(["s"], 5)
    with pytest.raises(LeaseError) as caught:
        place.state().claim(["s"], 4)
    assert caught.value.found == 5


def test_the_same_token_claims_again_and_a_source_that_was_never_read_is_fenced_too(
    place: Place,
) -> None:
    old, new = place.state(), place.state()
    old.claim(["s", "t"], 1)
    old.claim(["s", "t"], 1)
    old.commit("s", {"mark": 1}, {})
    new.claim(["t"], 2)
    old.commit("s", {"mark": 2}, {})
    with pytest.raises(LeaseError):
        old.commit("t", {"mark": 2}, {})


def test_a_store_that_claimed_nothing_reads_and_keeps_the_fence(place: Place) -> None:
    owner, other = place.state(), place.state()
    owner.claim(["s"], 3)
    owner.commit("s", {"mark": 1}, {})
    assert other.load("s") == {"mark": 1}
    other.commit("s", {"mark": 0}, {})  # as a command does that moves a checkpoint by hand
    with pytest.raises(LeaseError):
        place.state().claim(["s"], 2)


def test_there_is_an_empty_board_where_nothing_is(place: Place) -> None:
    assert place.leases().read().board == Board()
    assert place.leases().all() == Board()


def test_of_two_who_read_the_same_board_one_writes(place: Place) -> None:
    first, second = place.leases(), place.leases()
    seen, same = first.read(), second.read()
    assert first.replace(ONE, seen)
    assert not second.replace(Board(), same)
    assert second.read().board == ONE
    newer = second.read()
    assert second.replace(Board({}, {"u": Lease(None, 1)}), newer)
    assert not first.replace(ONE, newer)
    assert first.all() == Board({}, {"u": Lease(None, 1)})


def test_a_document_in_the_boards_place_that_is_none_is_named() -> None:
    client = FakeClient()
    ClusterLeases(client).replace(ONE, ClusterLeases(client).read())
    for wrong in ({}, {"version": 2}, {"version": 1, "members": 7, "leases": {}}, [1]):
        client.indices["vedette-leases-default"]["board"]["_source"]["board"] = wrong
        with pytest.raises(StateError, match="leases"):
            ClusterLeases(client).read()


def test_a_cluster_that_does_not_answer_is_a_state_error_with_its_host() -> None:
    client = FakeClient()
    client.script["get"] = [refusal(503, "unavailable_shards_exception")]
    with pytest.raises(StateError, match=f"cannot read the leases .*{HOST}: 503"):
        ClusterLeases(client).read()
    seen = ClusterLeases(client).read()
    client.script["index"] = [refusal(0, "ConnectionTimeout")]
    with pytest.raises(StateError, match="cannot write the leases"):
        ClusterLeases(client).replace(ONE, seen)
    assert client.calls["index"] == 1  # a sign of life that is late is worth nothing
