"""Instances on real servers: a killed one is followed, one that wakes too late is refused."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.search import ClusterLeases, ClusterState
from engine.errors import LeaseError
from engine.lease import Board, Lease
from tests.live.fixtures import Cluster
from tests.live.instances import House, Key, fill
from tests.live.process import until

pytestmark = pytest.mark.live

EVENTS = 900


@pytest.fixture
def house(cluster: Cluster, tmp_path: Path) -> Iterator[House]:
    index = f"{cluster.prefix}-events"
    fill(cluster.client, index, EVENTS)
    made = House(cluster.client, cluster.url, index, cluster.namespace, tmp_path)
    yield made
    made.stop()


def test_a_killed_owner_is_followed_one_that_sleeps_is_refused_and_alerts_are_the_oracles(
    cluster: Cluster, house: House, tmp_path: Path
) -> None:
    oracle = House(
        cluster.client, cluster.url, f"{cluster.prefix}-events", f"o{cluster.namespace}",
        tmp_path / "oracle", page_size=500,
    )  # fmt: skip
    assert oracle.start("--until-idle").wait(240) == 0, oracle.running[0].log
    expected = oracle.alerts()
    assert len({rule for rule, _ in expected}) == 2  # the correlation found something too

    for _ in range(3):
        house.start()
    until(lambda: house.count() > expected.total() // 10, "the first alerts")
    killed = house.owner()
    assert killed
    killed.kill()
    # the processes are on one machine, so its end is seen and need not be waited for
    assert until(lambda: house.owner() not in (killed, None), "another takes over") < 30
    left = house.owner()
    assert left
    already = _not_over(house, expected)
    until(lambda: house.count() > already + expected.total() // 20, "it goes on")

    left.send(signal.SIGSTOP)
    already = _not_over(house, expected)
    assert until(lambda: house.owner() not in (left, None), "the third takes over") < 30
    third = house.owner()
    assert third not in (killed, left, None)
    until(lambda: house.count() > already, "the third goes on")
    left.send(signal.SIGCONT)
    until(
        lambda: "is owned by another instance now" in left.log or "lost its lease" in left.log,
        "it is refused",
    )
    until(lambda: house.count() >= expected.total(), "all alerts")
    third.send(signal.SIGTERM)
    assert third.wait(60) == 0
    assert until(lambda: house.owner() is left, "the one that was refused gets it again") < 30
    left.send(signal.SIGTERM)
    assert left.wait(60) == 0
    assert house.alerts() == expected
    assert not [i for i in house.running if "nobody foresaw" in i.log]
    assert house.leases.all().members == {}


def _not_over(house: House, expected: Counter[Key]) -> int:
    """How many alerts there are now; not all, or nothing can be seen of what comes."""
    found = house.count()
    assert found < expected.total(), "it was over before anything could happen: more events"
    return found


def test_of_two_that_read_the_same_board_one_writes_it(cluster: Cluster) -> None:
    first, second = (ClusterLeases(cluster.client, cluster.namespace) for _ in range(2))
    seen, same = first.read(), second.read()
    board = Board({}, {"u": Lease("a", 1)})
    assert first.replace(board, seen)
    assert not second.replace(Board(), same)
    again = second.read()
    assert again.board == board
    assert second.replace(Board({}, {"u": Lease("b", 2)}), again)
    assert not first.replace(board, again)
    assert first.all().leases == {"u": Lease("b", 2)}


def test_a_claim_refuses_whoever_had_the_source_before(cluster: Cluster) -> None:
    old, new = (ClusterState(cluster.client, cluster.namespace) for _ in range(2))
    old.claim(["s", "t"], 1)
    old.commit("s", {"mark": 1}, {"h": 1})
    new.claim(["s", "t"], 2)
    for name in ("s", "t"):
        with pytest.raises(LeaseError):
            old.commit(name, {"mark": 2}, {})
        with pytest.raises(LeaseError):
            old.load(name)
    assert new.load("s") == {"mark": 1}
    assert new.occurrences("s", ["h"]) == {"h": 1}
    new.commit("s", {"mark": 3}, {})
