"""Instances that die, sleep and wake, in a network that loses, delays and reorders messages."""

from __future__ import annotations

import pytest

from tests.connectors.search.double import FakeClient
from tests.connectors.search.instances import TTL, Cluster, Simulation, takeover

SEEDS = 60


@pytest.mark.parametrize("instances", [2, 3])
def test_no_commit_under_a_stale_token_is_accepted_and_every_event_is_counted_once(
    instances: int,
) -> None:
    kills = sleeps = refused = claims = offered = 0
    for seed in range(SEEDS):
        simulation = Simulation(seed, instances)
        simulation.run()
        cluster = simulation.world.cluster
        kills, sleeps = kills + simulation.kills, sleeps + simulation.sleeps
        refused, claims = refused + cluster.stale, claims + len(cluster.claims)
        offered += cluster.stored.total() - len(cluster.stored)
    # what was to be seen did happen
    assert kills > SEEDS
    assert sleeps > SEEDS
    assert refused > SEEDS
    assert claims > 3 * SEEDS
    assert offered > SEEDS  # alerts that were written again under the id that they had


def test_the_simulation_finds_a_store_that_does_not_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the versions that writes name, the same seeds do find the promise broken."""

    def blind(self: Cluster, index: str, id: str, document: object, **how: object) -> object:
        held = self.indices.get(index, {}).get(id)
        answer = FakeClient.index(self, index, id, document)  # type: ignore[arg-type]
        if index.startswith("vedette-state"):
            self._hold(held["_source"] if held else {}, document)  # type: ignore[arg-type]
        return answer

    monkeypatch.setattr(Cluster, "index", blind)

    def all_seeds() -> None:
        for seed in range(SEEDS):
            Simulation(seed, 2).run()

    with pytest.raises(AssertionError):
        all_seeds()


@pytest.mark.parametrize("instances", [2, 3])
def test_a_dead_owner_is_followed_within_thirty_seconds(instances: int) -> None:
    times = [takeover(seed, instances) for seed in range(200)]
    assert min(times) >= TTL * 2 / 3
    assert max(times) <= TTL * 5 / 3 + 1 < 30
