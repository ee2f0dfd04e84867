"""Simulated instances that share work through a cluster that loses, delays and reorders messages.

What they run is the product's own: `Tenant`, `ClusterLeases`, `ClusterState`. Time, the network
and the order in which everyone moves come from one seed. Each unit of work is a count over its
events: its checkpoint says how many were read and what they sum up to, so that a batch that was
counted twice, or not at all, shows in the sum.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.search import ClusterLeases, ClusterState
from connectors.search.retry import Retry
from connectors.search.state import key_of
from engine.errors import LeaseError, StateError
from engine.lease import Member, Tenant
from tests.connectors.search.double import FakeClient, refusal

TTL = 15.0
STATE = "vedette-state-default"


class Cluster(FakeClient):
    """Holds every accepted write of state to what was promised."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: Counter[str] = Counter()
        """Alerts by id, and how often each was offered."""
        self.claims: list[tuple[str, int]] = []
        self.stale = 0
        """Writes that were refused for naming a version that is gone."""

    def index(self, index: str, id: str, document: Mapping[str, Any], **how: Any) -> Any:
        held = self.indices.get(index, {}).get(id)
        wanted = how.get("if_seq_no")
        if wanted is not None and held is None:
            raise refusal(409, "version_conflict_engine_exception")
        try:
            answer = super().index(index, id, document, **how)
        except Exception:
            self.stale += 1
            raise
        if index == STATE:
            self._hold(held["_source"] if held else {}, document)
        return answer

    def _hold(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        unit = new["source"]
        before, after = old.get("checkpoint") or {"n": 0, "sum": 0}, new["checkpoint"]
        assert new["token"] >= old.get("token", 0), "a write under a stale token was accepted"
        if new["token"] > old.get("token", 0):
            self.claims.append((unit, new["token"]))
            assert (new["checkpoint"] or before) == before, "a claim changed what was committed"
        if after is not None:
            assert after["n"] >= before["n"], "a checkpoint went back"
            assert after["sum"] == sum(range(after["n"])), "a batch was counted twice, or not"
            missing = [n for n in range(after["n"]) if not self.stored[f"{unit}/{n}"]]
            assert not missing, "a checkpoint covers alerts that are not stored"

    def committed(self, unit: str) -> int:
        """How many events of a unit are covered by a checkpoint."""
        held = self.indices.get(STATE, {}).get(key_of(unit))
        checkpoint = held["_source"]["checkpoint"] if held else None
        return checkpoint["n"] if checkpoint else 0


@dataclass
class World:
    """Time, chance, the cluster, and messages that are still on their way."""

    draw: random.Random
    cluster: Cluster = field(default_factory=Cluster)
    now: float = 0.0
    faults: bool = True
    late: list[Callable[[], Any]] = field(default_factory=list)

    def deliver(self) -> None:
        """Let a delayed message arrive, in any order."""
        if self.late:
            message = self.late.pop(self.draw.randrange(len(self.late)))
            try:
                message()
            except AssertionError:
                raise
            except Exception:  # noqa: BLE001 - refused, as nobody waits for the answer
                return


class Link:
    """An instance's way to the cluster: requests and answers get lost, and writes come late."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._world.cluster, name)
        if name not in ("get", "index"):
            return real

        def send(*given: Any, **how: Any) -> Any:
            chance = self._world.draw.random() if self._world.faults else 1.0
            if chance < 0.03:
                raise refusal(0, "ConnectionError")
            if chance < 0.06 and name == "index":
                self._world.late.append(lambda: real(*given, **how))
                raise refusal(0, "ConnectionTimeout")
            answer = real(*given, **how)
            if chance < 0.09:
                raise refusal(0, "ConnectionTimeout")
            return answer

        return send


class Instance:
    """A process: a keeper, and a worker for each unit, each moving step by step."""

    def __init__(self, name: str, world: World, units: tuple[str, ...], events: int) -> None:
        self.name, self.world, self.events = name, world, events
        self.asleep_until = 0.0
        link: Any = Link(world)
        self.leases = ClusterLeases(link)
        self.tenant = Tenant(name, Member(TTL, units=units), clock=lambda: world.now)
        self.workers: list[Iterator[None]] = [
            self._work(unit, ClusterState(link, retry=Retry(1, sleep=lambda _: None)))
            for unit in units
        ]
        self.keeper = self._keep()
        self.next_beat = world.now

    def step(self) -> None:
        """Move one of its threads on by one step."""
        if self.world.now >= self.next_beat:
            next(self.keeper)
        next(self.world.draw.choice(self.workers))

    def _keep(self) -> Iterator[None]:
        while True:
            try:
                seen = self.leases.read()
                if self.world.faults:
                    yield
                board = self.tenant.turn(seen.board)
                if self.leases.replace(board, seen):
                    self.tenant.wrote(board)
                    self.next_beat = self.world.now + self.tenant.pause
            except StateError:
                pass
            yield

    def _work(self, unit: str, state: ClusterState) -> Iterator[None]:
        while True:
            token = self.tenant.token(unit)
            if token is None:
                yield
                continue
            if unit in self.tenant.surplus:
                self.tenant.release(unit)
                yield
                continue
            try:
                state.claim([unit], token)
                yield
                yield from self._drain(unit, state, token)
            except LeaseError as error:
                self.tenant.outbid(unit, error.found)
            except StateError:
                pass
            yield

    def _drain(self, unit: str, state: ClusterState, token: int) -> Iterator[None]:
        at = dict(state.load(unit) or {"n": 0, "sum": 0})
        while self.tenant.token(unit) == token and unit not in self.tenant.surplus:
            batch = range(at["n"], min(self.events, at["n"] + self.world.draw.randint(1, 5)))
            yield
            for number in batch:
                self.world.cluster.stored[f"{unit}/{number}"] += 1
            yield  # here it may sleep for long, with its alerts stored and nothing committed
            at = {"n": at["n"] + len(batch), "sum": at["sum"] + sum(batch)}
            state.commit(unit, at, {})
            yield


class Simulation:
    """Some instances over some units, until every event is covered."""

    def __init__(self, seed: int, instances: int, units: int = 3, events: int = 60) -> None:
        self.world = World(random.Random(seed))
        self.units = tuple(f"u{n}" for n in range(units))
        self.wanted, self.events, self.started = instances, events, 0
        self.instances: list[Instance] = []
        self.kills = self.sleeps = 0

    def start(self) -> Instance:
        """One more instance."""
        self.started += 1
        made = Instance(f"i{self.started:03}", self.world, self.units, self.events)
        self.instances.append(made)
        return made

    def owner(self, unit: str) -> Instance | None:
        """Who may work on a unit by what it knows itself."""
        found = [i for i in self.instances if i.tenant.token(unit) is not None]
        assert len(found) <= 1, "two instances believe that they own a unit"
        return found[0] if found else None

    def run(self, disturbed: int = 1500) -> None:
        """Disturb it for so many steps, then let it come to its end."""
        for _ in range(self.wanted):
            self.start()
        for _ in range(disturbed):
            self._disturb()
            self._move()
        self.world.faults = False
        while self.world.late:
            self.world.deliver()
        end = self.world.now + 20 * TTL
        while any(self.world.cluster.committed(unit) < self.events for unit in self.units):
            assert self.world.now < end, "it does not come to its end"
            self._move()
        alerts = self.world.cluster.stored
        assert len(alerts) == len(self.units) * self.events, "an alert is missing, or invented"

    def _move(self) -> None:
        draw = self.world.draw
        self.world.now += draw.uniform(0, 0.5)
        awake = [one for one in self.instances if one.asleep_until <= self.world.now]
        if awake:
            draw.choice(awake).step()
        for unit in self.units:
            self.owner(unit)

    def _disturb(self) -> None:
        draw = self.world.draw
        chance = draw.random()
        if chance < 0.004:
            victim = self.instances.pop(draw.randrange(len(self.instances)))
            del victim
            self.kills += 1
            self.start()
        elif chance < 0.012:
            draw.choice(self.instances).asleep_until = self.world.now + draw.uniform(1, 4 * TTL)
            self.sleeps += 1
        elif chance < 0.05:
            self.world.deliver()


def takeover(seed: int, instances: int) -> float:
    """Seconds from the death of an owner until another instance owns its work; no other faults.

    Whoever lives beats on time: every half second each of them moves.
    """
    simulation = Simulation(seed, instances, units=1)
    world, (unit,) = simulation.world, simulation.units
    world.faults = False
    for _ in range(instances):
        simulation.start()
        world.now += world.draw.uniform(0, 5)
    until = world.now + world.draw.uniform(TTL, 3 * TTL)
    died: float | None = None
    while died is None or simulation.owner(unit) is None:
        world.now += 0.5
        assert died is None or world.now - died < 10 * TTL, "nobody takes over"
        for instance in simulation.instances:
            if world.now >= instance.next_beat:
                next(instance.keeper)
        owner = simulation.owner(unit)
        if died is None and owner and world.now >= until:
            simulation.instances.remove(owner)
            died = world.now
    return world.now - died
