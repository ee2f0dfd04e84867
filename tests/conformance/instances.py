"""Three instances on a real server, whose owner is killed and stopped again and again.

Events keep coming meanwhile. What is stored at the end is compared with what one instance finds
that nobody disturbed. The processes are on one machine, where the end of one is seen at once, so a
killed owner is followed sooner than from another machine; one that is stopped is not, and is
followed only when its time to live is over.
"""

from __future__ import annotations

import json
import random
import signal
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import uuid4

from connectors.search import ClusterSettings, SearchClient, connect
from tests.live.instances import House, Instance, fill
from tests.live.process import until

INSTANCES = 3
TTL = 15
"""Seconds, as by default."""
SHORT_TTL = 5
"""Seconds, in all rounds but the first of a server: a death is seen at the next sign of life."""

ROUND = 20
"""Kills after which what is stored is compared, and need not be played again."""

EACH = 60
"""Events that come with each disturbance."""

EVERY_STOP = 10
"""After how many kills the owner is stopped for once, and woken when it was followed."""

REFUSED = ("is owned by another instance now", "lost its lease")
LATE = "belongs to"
"""What an instance says that wakes after another followed it."""

Told = Callable[[str], None]


@dataclass
class Result:
    """What one server showed."""

    kind: str
    kills: int = 0
    stops: int = 0
    refused: int = 0
    """Owners that were woken and found out that they were followed."""
    after_kill: list[float] = field(default_factory=list)
    """Seconds from a kill to another owner."""
    after_stop: list[float] = field(default_factory=list)
    expected: int = 0
    missing: int = 0
    invented: int = 0
    twice: int = 0

    @property
    def whole(self) -> bool:
        """Whether exactly the alerts of an undisturbed run are there, each once."""
        return self.expected > 0 and not (self.missing or self.invented or self.twice)

    @property
    def takeovers(self) -> Sequence[float]:
        """Seconds of every takeover."""
        return [*self.after_kill, *self.after_stop]

    def add(self, other: Result) -> None:
        """Take in what a further round showed."""
        for name, value in asdict(other).items():
            if name != "kind":
                setattr(self, name, getattr(self, name) + value)


def run(
    kind: str, url: Callable[[], str], folder: Path, kills: int, kept: Path | None, tell: Told
) -> Result:
    """Disturb instances so many times, round by round; rounds that `kept` has are left out.

    `url` gives the server's, which may have to be started. `tell` is told how far it is.
    """
    whole = Result(kind)
    for first in range(0, kills, ROUND):
        number = min(ROUND, kills - first)
        file = kept / f"{kind}-{first}-{first + number - 1}.json" if kept else None
        if file and file.exists():
            made = Result(**json.loads(file.read_text()))
        else:
            ttl = SHORT_TTL if first else TTL
            made = _round(kind, url(), folder / str(first), number, ttl, tell)
        if file and made.whole:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(asdict(made)))
        whole.add(made)
        tell(f"{kind}: {whole.kills} of {kills} kills, {whole.expected:,} alerts, {whole.missing} "
             f"missing, {whole.invented} invented, {whole.twice} twice")  # fmt: skip
    return whole


def _round(kind: str, url: str, folder: Path, kills: int, ttl: int, tell: Told) -> Result:
    """Three instances that are disturbed so many times, held to an undisturbed run."""
    client = connect(ClusterSettings(hosts=[url], kind=kind))  # type: ignore[arg-type]
    name = uuid4().hex[:12]
    index = f"i{name}-events"
    result = Result(kind)
    house = House(client, url, index, f"n{name}", folder / "shared", ttl=f"{ttl}s", page_size=5)
    try:
        events = _disturb(house, client, index, kills, result, tell)
        oracle = House(client, url, index, f"o{name}", folder / "oracle", page_size=500)
        _compare(house, oracle, result, events)
    finally:
        house.stop()
        client.close()
    return result


def _disturb(
    house: House, client: SearchClient, index: str, kills: int, result: Result, tell: Told
) -> int:
    """Kill and stop owners while events come; how many events there are in the end."""
    draw = random.Random(index)
    fill(client, index, EACH)
    events = EACH
    for _ in range(INSTANCES):
        house.start()
    while result.kills < kills:
        until(house.owner, "somebody owns it")
        fill(client, index, EACH, first=events)
        events += EACH
        time.sleep(draw.uniform(0.0, 1.0))
        if result.kills % EVERY_STOP == EVERY_STOP - 1 or not result.stops:
            _stop(house, result)
            tell(
                f"{result.kind}: SIGSTOP {result.stops}, followed in {result.after_stop[-1]:.1f} s"
            )
        owner = house.owner()
        if owner is None:
            continue
        owner.kill()
        house.running.remove(owner)
        house.start()
        result.after_kill.append(_followed(house, owner))
        result.kills += 1
        tell(f"{result.kind}: kill {result.kills}, followed in {result.after_kill[-1]:.1f} s")
    return events


def _stop(house: House, result: Result) -> None:
    """SIGSTOP the owner until it is followed, then let it go on."""
    owner = house.owner()
    if owner is None:
        return

    def followed() -> bool:
        owner.send(signal.SIGSTOP)  # again and again, should somebody else wake it
        return house.owner() not in (owner, None)

    result.after_stop.append(until(followed, "another instance takes over"))
    told = len(owner.log)
    owner.send(signal.SIGCONT)
    # one that had not begun yet when it was stopped has nothing to be refused
    until(lambda: any(words in owner.log[told:] for words in (*REFUSED, LATE)), "it sees that")
    result.stops += 1
    result.refused += any(words in owner.log[told:] for words in REFUSED)


def _followed(house: House, owner: Instance) -> float:
    return until(lambda: house.owner() not in (owner, None), "another instance takes over")


def _compare(house: House, oracle: House, result: Result, events: int) -> None:
    assert oracle.start("--until-idle").wait(1800) == 0, oracle.running[0].log[-3000:]
    expected = oracle.alerts()
    assert expected.total() > events // 3  # the rule's, and the correlation's
    until(lambda: house.count() >= expected.total(), "all alerts are there")
    for instance in house.running:
        instance.send(signal.SIGTERM)
    for instance in house.running:
        assert instance.wait(120) == 0, instance.log[-3000:]
    found = house.alerts()
    result.expected = expected.total()
    result.missing = len(expected.keys() - found.keys())
    result.invented = len(found.keys() - expected.keys())
    result.twice = sum(count - 1 for count in found.values())


def report(result: Result) -> list[str]:
    """What was done and what came of it, in lines."""
    killed = statistics.median(result.after_kill)
    return [
        f"{result.kind}: {INSTANCES} instances: {result.kills} kill -9 of the owner, "
        f"{result.stops} SIGSTOP past the lease, of which {result.refused} were refused on waking",
        f"{result.kind}: ttl {TTL} s in the first {ROUND} kills, {SHORT_TTL} s in the others",
        f"{result.kind}: {result.expected:,} alerts, correlations too, as of an undisturbed run: "
        f"{result.missing} missing, {result.invented} invented, {result.twice} twice",
        f"{result.kind}: followed after a kill in {killed:.1f} s (median), "
        f"{max(result.after_kill):.1f} s (most); after a SIGSTOP in {max(result.after_stop):.1f} s "
        "(most)",
    ]
