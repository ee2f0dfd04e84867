"""A seed's story: events, lateness, clock steps, faults; a run that lives through it; an oracle.

    python -m tests.simulation 4711        one seed, and what it found
    python -m tests.simulation 0 10000     many

The code that runs is the project's own, from the source to the state store; only the cluster
behind the client and the clock are made up (`cluster.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from connectors.search import (
    AlertSink,
    ClusterLedger,
    ClusterState,
    SearchSource,
    gathering,
    memory,
    overlap,
    prefilter,
    seen,
    sketch,
    stretches,
    sweep,
)
from connectors.search.memory import Memory
from connectors.search.names import ALERTS
from connectors.search.prefilter import Prefilter
from connectors.search.retry import Retry
from connectors.search.seen import Seen
from connectors.search.source import epoch_ms, milliseconds
from engine.alert import AlertMaker, Execution
from engine.correlate.correlator import Correlator
from engine.detect import Detector
from engine.errors import Problem, SinkError, VedetteError
from engine.fill import Filler
from engine.ledger import ENDED, Note, Recorder, gaps
from engine.ports import Alert, Batch, Record, Written
from engine.rule import RuleSet
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog
from tests.engine.correlate.stream import correlation, ruleset
from tests.engine.test_run import OnceSink
from tests.simulation.cluster import Chaos, Crash, SimCluster
from tests.simulation.pool import Meanwhile
from vedette.prefiltered import RulesNeed

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
OVERLAP, SWEEP, MAX_LATENESS = timedelta(minutes=10), timedelta(minutes=1), timedelta(hours=1)
LATENESS = timedelta(minutes=10)
"""How long correlations wait; as in `vedette.wiring`."""
LASTS = 3 * HOUR


@cache
def rules() -> RuleSet:
    """A rule for single events, and a count over time by user, which must not fire twice."""
    many = correlation("Many", type="event_count", rules=["a"], group_by=["user"],
                       timespan="3m", condition={"gte": 3}, generate=True)  # fmt: skip
    with TemporaryDirectory() as folder:
        return ruleset(Path(folder), many)


@cache
def maker() -> AlertMaker:
    return AlertMaker(Catalog.load(), Execution("x", "run", T0), namespace="default")


@cache
def detector() -> Detector:
    """One for all: it is pure, and takes time to make."""
    return Detector(rules().rules, unheard)


def unheard(problem: Problem) -> None:
    """Problems are looked for in the ledger."""


@dataclass(slots=True)
class Event:
    """What happens: its time, when it becomes searchable, and whether the rule matches it."""

    id: str
    index: str
    time: int
    visible: int
    source: dict[str, Any]

    @property
    def matches(self) -> bool:
        return bool(self.source["kind"] in "ab")

    @property
    def lateness(self) -> int:
        return self.visible - self.time


@dataclass
class World:
    """A seed's story, and how far it has come."""

    seed: int
    sabotage: Callable[[Pipeline, SearchSource], None] | None = None
    problems: list[str] = field(default_factory=list)
    launches: int = 0
    polls: int = 0

    def __post_init__(self) -> None:
        rng = self.rng = Random(self.seed)
        self.start = epoch_ms(T0)
        self.punctual = rng.random() < 0.35
        """Nothing is later than the overlap, and the clock is right: correlations are exact."""
        self.chaos = Chaos(Random(self.seed + 1), rng.choice([0, 0.01, 0.04]),
                           rng.choice([0, 0.005, 0.02]))  # fmt: skip
        self.cluster = SimCluster(self.chaos, self.start)
        sketch.FEW, memory.BUCKETS = rng.choice([(48, 288), (2, 24), (4, 12)])
        sketch.MOST = rng.choice([10_000, 10_000, 0])
        """With so little, it cannot be told which events of a crowded time are new."""
        seen.PARTS, seen.BINS = rng.choice([(20, 30), (20, 1), (4, 1), (1, 1)])
        sweep.EFFORT = self.effort = rng.choice([1, 50, 50])
        """With so little, a sweep may fall behind, and events become gaps that came in time."""
        horizon = milliseconds(MAX_LATENESS + OVERLAP + 2 * SWEEP)
        self.bucket = Memory(Seen(milliseconds(OVERLAP), 0).width, horizon).width
        overlap.PLAIN = rng.choice([1000, 4, 0, 0])
        """Of how many events the overlap is read whole; else by counts."""
        self.max_seen = rng.choice([0, 2, 30_000])
        self.page_size = rng.choice([3, 10, 100])
        self.interval = rng.choice([100, 200, 400]) * SECOND
        self.meanwhile = Random(self.seed + 2)
        self.slices = self.meanwhile.choice([1, 1, 2, 3])
        stretches.LEFT = self.meanwhile.choice([0, 0, 2])
        gathering.HITS = Random(self.seed + 5).choice([0, 3, 40_000])
        gathering.PAGES = 40_000
        """How many hits are read as they lie at a time; of more, stretches of time are."""
        if self.slices == 1 and self.meanwhile.random() < 0.5:
            self.page_size = 1
        self.refusing = self.meanwhile.choice([0, 0, 0.05, 0.2])
        """How often alerts cannot be stored, and whoever tries has to say so."""
        self.prefilter: Prefilter | None = None
        self.sieved = Random(self.seed + 3).random() < 0.3
        """Whether documents are left out that no rule can match."""
        prefilter.PLAIN, prefilter.LATE = Random(self.seed + 4).choice([(0, 0), (0, 0), (3, 1)])
        prefilter.SPARED = 0
        self.offset = 0
        self.offsets = [0]
        self.events = [self._event(n) for n in range(rng.randrange(10, 34))]
        for event in self.events:
            self.cluster.put(event.index, event.id, event.time, event.visible, event.source)
        self.deleted: set[str] = set()
        self.deletion = None
        if not self.punctual and rng.random() < 0.3:
            self.deletion = self.start + rng.randrange(LASTS)
        self.steps = self._clock_steps()
        self.changes = [] if self.punctual or self.steps else self._changes()

    def _event(self, number: int) -> Event:
        rng = self.rng
        time = self.start + rng.randrange(LASTS)
        if rng.random() < 0.4:  # bursts, so that there is something to correlate
            time = self.start + rng.randrange(3) * LASTS // 3 + rng.randrange(5 * MINUTE)
            if rng.random() < 0.5:  # and many that share a time
                time -= time % (2 * MINUTE)
        index = f"logs-{(time - self.start) * 3 // LASTS}"
        lot = rng.random()
        late = rng.randrange(4 * SECOND)
        if lot > 0.6:
            late = rng.randrange(int(OVERLAP.total_seconds()) * SECOND - 10 * SECOND)
        if lot > 0.8 and not self.punctual:
            late = rng.randrange(int(MAX_LATENESS.total_seconds()) * SECOND)
        if lot > 0.93 and not self.punctual:
            late = rng.randrange(5 * int(MAX_LATENESS.total_seconds()) * SECOND)
        when = datetime.fromtimestamp(time / 1000, UTC).isoformat()
        source = {"@timestamp": when, "kind": rng.choice("aaabz"), "user": rng.choice("xy"),
                  "logsource.product": "any"}  # fmt: skip
        return Event(f"e{number:03}", index, time, time + late, source)

    def _clock_steps(self) -> list[tuple[int, int]]:
        """When the clock is set, and to how far from the truth."""
        if self.punctual or self.rng.random() < 0.6:
            return []
        offsets = [self.rng.choice([-30, -3, 0, 3, 30]) * MINUTE for _ in range(3)]
        times = sorted(self.start + self.rng.randrange(LASTS) for _ in offsets)
        return list(zip(times, offsets, strict=True))

    def _changes(self) -> list[tuple[int, Callable[[], None]]]:
        """What is done to single events, and when, while they are in the overlap."""
        found = []
        for event in self.rng.sample(self.events, 6):
            room = milliseconds(OVERLAP) - 10 * SECOND - event.lateness
            if room > 0:
                change = self._stand_in if event.matches else self._overwrite
                found.append((event.visible + self.rng.randrange(room), partial(change, event)))
        return sorted(found, key=lambda pair: pair[0])

    def _overwrite(self, event: Event) -> None:
        """The event is written over, and now the rule matches it."""
        if event.index in self.cluster.events:
            event.source = {**event.source, "kind": "a"}
            self.cluster.put(event.index, event.id, event.time, event.visible, event.source)

    def _stand_in(self, event: Event) -> None:
        """The event is deleted, and another comes in its place, so that there are as many."""
        if self.cluster.events.get(event.index, {}).pop(event.id, None):
            self.deleted.add(event.id)
            source = {**event.source, "kind": "a"}
            other = Event(f"{event.id}-else", event.index, event.time, event.visible, source)
            self.events.append(other)
            self.cluster.put(other.index, other.id, other.time, other.visible, source)

    def now(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            milliseconds=self.cluster.clock + self.offset
        )

    def launch(self) -> tuple[Pipeline, SearchSource]:
        """A new process: nothing of the one before but what is in the cluster."""
        self.launches += 1
        self.chaos.dead = False
        retry = Retry(limit=2, first=1.0, sleep=self.sleep, jitter=lambda: 1.0)
        client, clock = self.cluster, self.now
        recorder, stored = Recorder(unheard), Recorder(unheard)
        sink = AlertSink(client, clock=clock, report=stored, retry=retry)
        sink.write = partial(self.write, sink.write)  # type: ignore[method-assign]
        ledger = ClusterLedger(client, clock=clock, retry=retry)
        pipeline = Pipeline(
            detector(), maker(), sink, ClusterState(client, clock=clock, retry=retry), clock,
            correlator=Correlator.of(rules(), recorder, lateness=LATENESS),
            sources=["events"], ledger=ledger, recorder=recorder, stored=stored,
            meanwhile=Meanwhile(self.meanwhile),
        )  # fmt: skip

        def fresh(start: datetime, end: datetime) -> Pipeline:
            return Pipeline(
                detector(), maker(), sink, MemoryState(), clock,
                correlator=None if self.punctual else Correlator.of(rules(), unheard),
                ledger=ledger,
            )  # fmt: skip

        pipeline.fill = Filler(ledger, fresh, clock)
        if self.sieved:
            self.prefilter = Prefilter("events", RulesNeed(rules, None))
        source = SearchSource(
            client, "events", "logs-*", page_size=self.page_size, overlap=OVERLAP,
            sweep=SWEEP, max_lateness=MAX_LATENESS, clock=clock, max_seen=self.max_seen,
            start=T0, report=recorder, retry=retry, slices=self.slices,
            pool=lambda _: Meanwhile(self.meanwhile), prefilter=self.prefilter,
        )  # fmt: skip
        if self.sabotage:
            self.sabotage(pipeline, source)
        return pipeline, source

    def write(
        self, write: Callable[[Sequence[Alert]], Written], alerts: Sequence[Alert]
    ) -> Written:
        """Store alerts, unless that fails before or after."""
        early, late = (self.meanwhile.random() < self.refusing / 2 for _ in range(2))
        if early:
            raise SinkError("no room")
        written = write(alerts)
        if late:
            raise SinkError("no answer")
        return written

    def sleep(self, seconds: float) -> None:
        self.cluster.clock += int(seconds * SECOND)

    def pass_time(self, span: int) -> None:
        """Let time go by, with what happens meanwhile."""
        self.cluster.clock += span
        while self.steps and self.steps[0][0] <= self.cluster.clock:
            self.offset = self.steps.pop(0)[1]
            self.offsets.append(self.offset)
        while self.changes and self.changes[0][0] <= self.cluster.clock:
            self.changes.pop(0)[1]()
        if self.deletion is not None and self.deletion <= self.cluster.clock:
            self.deletion = None
            index = self.rng.choice(sorted(self.cluster.events))
            self.deleted |= {event.id for event in self.events if event.index == index}
            self.cluster.delete(index)

    def live(self) -> None:
        """The run, through all that happens, and then in peace until it has caught up."""
        pipeline, source = self.launch()
        quiet = max(LASTS, max(event.visible for event in self.events) - self.start) + 2 * MINUTE
        while self.cluster.clock < self.start + quiet:
            wait = self.interval if self.cluster.clock < self.start + LASTS else 8 * self.interval
            if not self.poll(pipeline, source):
                wait = self.rng.choice([SECOND, MINUTE, 40 * MINUTE])
                pipeline, source = self.launch()
            self.pass_time(wait)
        self.chaos.fail = self.chaos.crash = self.refusing = 0
        peace = 3 + (35 if any(self.offsets) else 10) // 3
        for _ in range(peace):
            self.pass_time(4 * MINUTE)
            if not self.poll(pipeline, source):
                pipeline, source = self.launch()
        self.pass_time(int(LATENESS.total_seconds()) * 2 * SECOND)
        for _ in range(3):
            self.pass_time(2 * MINUTE)
            if not self.poll(pipeline, source):
                pipeline, source = self.launch()

    def poll(self, pipeline: Pipeline, source: SearchSource) -> bool:
        """One poll; False when the process is gone."""
        self.polls += 1
        try:
            pipeline.drain(source)
        except Crash:
            return False
        except VedetteError:
            return not self.chaos.dead
        return True

    def judge(self) -> list[str]:
        """What of the promise did not hold."""
        alerts = self.cluster.documents(ALERTS)
        notes = ClusterLedger(self.cluster).notes()
        self._judge_singles(alerts, gaps(notes))
        self._judge_ids(alerts)
        if self.punctual:
            self._judge_correlations(alerts)
        return self.problems

    def _judge_ids(self, alerts: list[tuple[str, str, dict[str, Any]]]) -> None:
        ids = Counter(id for _, id, _ in alerts)
        self.problems += [f"alert {id} exists {n} times" for id, n in ids.items() if n > 1]
        self.problems += [f"alert {id} was written over" for id in self.cluster.rewritten]

    def _judge_singles(self, alerts: list[Any], known: list[Any]) -> None:
        found = Counter(
            document["vedette"]["alert"]["ancestors"][0]["id"].rsplit("/")[-1]
            for _, _, document in alerts
            if document["message"] != "Many"
        )
        spread = max(self.offsets) - min(self.offsets)
        budget = int(MAX_LATENESS.total_seconds()) * SECOND
        for event in self.events:
            count = found.pop(event.id, 0)
            name = f"{event.id} (late by {event.lateness // SECOND} s)"
            if count > 1:
                self.problems.append(f"{name} has {count} alerts")
            if not event.matches and count:
                self.problems.append(f"{name} matches nothing and has an alert")
            if not event.matches or count or event.id in self.deleted or self._replaced(event):
                continue
            covered = [gap for gap in known if gap.note.state == "open" and covers(gap.note, event)]
            if event.lateness + spread <= budget:
                self.problems.append(f"{name} was not evaluated")
            elif not covered:
                self.problems.append(f"{name} was not evaluated, and no record says so")
            elif any(gap.state in ENDED for gap in covered):
                self.problems.append(f"{name} lies in a gap that was filled, and was not evaluated")
        self.problems += [f"an alert for {id}, which never was" for id in found]
        for gap in known:
            if (
                self.effort > 1
                and gap.note.kind == "too-late"
                and not any(
                    covers(gap.note, event) and event.lateness + spread > budget
                    for event in self.events
                )
            ):
                self.problems.append("a gap says that events came too late, where none did")
        if any(gap.note.state == "open" and gap.state not in ENDED for gap in known):
            self.problems.append("a gap was not filled")

    def _replaced(self, event: Event) -> bool:
        """Whether it came late, and may have taken the place of an event that was deleted.

        A sweep counts, so it cannot see that: docs/delivery.md says so.
        """
        overlap = int(OVERLAP.total_seconds()) * SECOND
        return event.lateness > overlap and any(
            abs(event.time - other.time) < self.bucket
            for other in self.events
            if other.id in self.deleted
        )

    def _judge_correlations(self, alerts: list[Any]) -> None:
        made = {id for _, id, document in alerts if document["message"] == "Many"}
        expected = self._expected()
        if made != expected:
            self.problems.append(
                f"correlations: {len(expected - made)} missing, {len(made - expected)} too many"
            )

    def _expected(self) -> set[str]:
        """The correlations' alerts when all events come in order and nothing goes wrong."""
        sink = OnceSink()
        one = Pipeline(
            detector(), maker(), sink, MemoryState(), self.now,
            correlator=Correlator.of(rules(), unheard),
        )  # fmt: skip
        ordered = sorted(self.events, key=lambda event: event.time)
        records = [
            Record(e.source, "logs-*", id=f"{e.index}/{e.id}", index=e.index) for e in ordered
        ]
        one.take("events", Batch(records))
        one.finish()
        return {id for id, alert in sink.stored.items() if alert.document["message"] == "Many"}


def covers(note: Note, event: Event) -> bool:
    """Whether a note's window has the event in it."""
    if note.start is None or note.end is None:
        return False
    return epoch_ms(note.start) <= event.time < epoch_ms(note.end)


def violations(
    seed: int, sabotage: Callable[[Pipeline, SearchSource], None] | None = None
) -> list[str]:
    """What of the promise a seed breaks."""
    kept = bounds()
    try:
        world = World(seed, sabotage)
        world.live()
        return world.judge()
    finally:
        bound(kept)


BOUNDS = ((sketch, "FEW"), (sketch, "MOST"), (memory, "BUCKETS"), (seen, "PARTS"),
          (seen, "BINS"), (sweep, "EFFORT"), (overlap, "PLAIN"), (stretches, "LEFT"),
          (gathering, "HITS"), (gathering, "PAGES"),
          (prefilter, "PLAIN"), (prefilter, "LATE"),
          (prefilter, "SPARED"))  # fmt: skip
"""What a world chooses for itself."""


def bounds() -> list[int]:
    """The bounds as they are."""
    return [getattr(module, name) for module, name in BOUNDS]


def bound(kept: list[int]) -> None:
    """Set the bounds."""
    for (module, name), value in zip(BOUNDS, kept, strict=True):
        setattr(module, name, value)
