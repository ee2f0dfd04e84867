"""Events in a real node, the parts that read them, and a hunt over the same events as oracle."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from connectors.search import (
    AlertSink,
    ClusterLedger,
    ClusterSettings,
    ClusterState,
    SearchClient,
    SearchSource,
    codec,
    connect,
)
from connectors.search.names import ALERTS
from connectors.search.retry import Retry
from engine.alert import AlertMaker, Execution
from engine.detect import Detector
from engine.errors import Problem, VedetteError
from engine.fill import Filler
from engine.ledger import Gap, Recorder, gaps
from engine.load import load_rules
from engine.ports import Document
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog
from tests.live import whoami
from tests.reliability.disturbed import Patient
from tests.reliability.row import Row
from vedette.hunt import Hunt, hunt
from vedette.output.summary import Summary

START = datetime(2026, 3, 1, tzinfo=UTC)
BULK = 2000


def unheard(problem: Problem) -> None:
    """Problems are looked for in the ledger."""


@dataclass
class Numbers:
    """A hunt's writer that keeps how often each event's number alerts."""

    found: Counter[int] = field(default_factory=Counter)

    def alert(self, document: Document) -> None:
        self.found[number_of(document)] += 1

    def close(self, summary: Summary) -> None:
        pass


def number_of(alert: Document) -> int:
    """The number of the event that an alert is about."""
    number: int = alert["vedette"]["alert"]["source_events"][0]["number"]
    return number


class Scene:
    """Names in a node that nobody else uses, a clock that is set by hand, and what happened.

    `every` says of how many events one alerts. `seconds` after `START` is what time it is for the
    parts that `launch` makes.
    """

    def __init__(
        self,
        kind: str,
        urls: list[str],
        folder: Path,
        *,
        every: int = 3,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.kind, self.urls, self.folder, self.every = kind, urls, folder, every
        self.tell = tell
        """Told how far a fault is that takes long."""
        name = uuid4().hex[:12]
        self.prefix, self.namespace = f"r{name}", f"n{name}"
        self.index = f"{self.prefix}-events"
        self.seconds = 86_400.0
        self.given = 0
        self.gone: set[int] = set()
        """Numbers of events that were deleted before they could be read."""
        self.problems: list[str] = []
        self.failures = 0
        """Polls that ended with an error."""
        self.held = ExitStack()
        """What is let go of when the scene closes."""
        self._client: SearchClient | None = None
        self._file = folder / "events.ndjson"
        self.rule = folder / "rules" / "whoami.yml"
        self.rule.parent.mkdir(parents=True)
        self.rule.write_text(whoami.RULE)

    @property
    def plain(self) -> SearchClient:
        """A client as `vedette run` has it, for what is tested."""
        if self._client is None:
            self._client = connect(ClusterSettings(hosts=self.urls, kind=self.kind))  # type: ignore[arg-type]
        return self._client

    @property
    def client(self) -> SearchClient:
        """What looks on, and waits for a node that is away; nothing that is tested uses it."""
        return Patient(self.plain)

    def close(self) -> None:
        """Delete what this scene made, and let go of all that it holds."""
        with self.held:
            if self._client is None:
                return
            for index in self.client.send("GET", f"/*{self.namespace}*,{self.prefix}*/_alias"):
                self.client.send("DELETE", f"/{index}")
            # by a pattern, for there may be none
            self.client.send("DELETE", f"/_index_template/{ALERTS}{self.namespace}*")
            self._client.close()

    def clock(self) -> datetime:
        """What time it is for the parts under test."""
        return START + timedelta(seconds=self.seconds)

    # events

    def create(self, index: str, **settings: Any) -> None:
        """Make an index that maps the time alone."""
        shape = {
            "settings": {"index": {"number_of_replicas": 0, **settings}},
            "mappings": {"dynamic": False, "properties": {"@timestamp": {"type": "date"}}},
        }
        self.client.create_index(index, shape)

    def put(self, times: Iterable[float], index: str = "", operation: str = "create") -> list[int]:
        """Index events of these times (seconds after `START`), searchable at once.

        Gives their numbers, which are their ids too.
        """
        index = index or self.index
        numbers: list[int] = []
        lines: list[bytes] = []
        with self._file.open("ab") as file:
            for seconds in times:
                event = self.event(self.given, seconds)
                file.write(orjson.dumps(event) + b"\n")
                action = {operation: {"_index": index, "_id": str(self.given)}}
                lines += [codec.dumps(action), orjson.dumps(event)]
                numbers.append(self.given)
                self.given += 1
                if len(lines) >= 2 * BULK:
                    self._bulk(lines)
            self._bulk(lines)
        self.client.refresh(index)
        return numbers

    def _bulk(self, lines: list[bytes]) -> None:
        if lines:
            answer = self.client.bulk(b"\n".join(lines) + b"\n")
            # after an answer that was lost they are there already
            wrong = [item for (item,) in map(dict.values, answer["items"]) if "error" in item]
            assert all(item["status"] == 409 for item in wrong), wrong
            lines.clear()

    def event(self, number: int, seconds: float) -> dict[str, Any]:
        """An event, by its number one that the rule is about or not."""
        time = int((START.timestamp() + seconds) * 1000)
        return whoami.event(number, time, matches=number % self.every == 0)

    # the parts under test

    def launch(self, client: SearchClient | None = None, **options: Any) -> Worker:
        """The library's parts as `vedette run` puts them together, as after a start."""
        return Worker(self, client or self.plain, options)

    # what came of it

    def alerts(self) -> Counter[int]:
        """How many alerts are behind the alias, by the number of their event."""
        return whoami.alerts(self.client, self.namespace, number_of)

    def count(self) -> int:
        """How many alerts there are now."""
        return whoami.count(self.client, self.namespace)

    def gaps(self) -> list[Gap]:
        """The ledger's first notes, each with its state by now."""
        return gaps(ClusterLedger(self.client, self.namespace).notes())

    def expected(self) -> Counter[int]:
        """What a hunt over the same events finds, without those that were gone in time."""
        numbers = Numbers()
        if self.given:
            hunt(Hunt([self._file], load_rules([self.rule])), numbers)
        return Counter({n: count for n, count in numbers.found.items() if n not in self.gone})

    def check(self, holds: bool, otherwise: str) -> None:
        """Hold the scene to something; `otherwise` says what is wrong where it does not hold."""
        if not holds:
            self.problems.append(otherwise)

    def row(self, name: str, dose: str, began: float) -> Row:
        """What came of a fault, beside what a hunt says."""
        expected, stored = self.expected(), self.alerts()
        self.check(expected.total() > 0, "the hunt found nothing, so nothing was shown")
        notes = Counter(gap.note.kind for gap in self.gaps())
        return Row(
            name, self.kind, dose, self.given, expected.total(), stored.total(),
            twice=sum(count - 1 for count in stored.values()),
            lost=len(expected.keys() - stored.keys()),
            invented=len(stored.keys() - expected.keys()),
            notes=dict(notes), problems=self.problems, seconds=time.monotonic() - began,
        )  # fmt: skip


class Worker:
    """Source, pipeline, sink, state and ledger over one client, with nothing but it in common."""

    def __init__(self, scene: Scene, client: SearchClient, options: Mapping[str, Any]) -> None:
        self.scene = scene
        rules = load_rules([scene.rule])
        retry = Retry(first=0.02, longest=0.2)
        clock = scene.clock
        recorder, stored = Recorder(unheard), Recorder(unheard)
        detector = Detector(rules.rules, unheard)
        maker = AlertMaker(Catalog.load(), Execution("x", "run", START), namespace="default")
        sink = AlertSink(client, scene.namespace, clock=clock, report=stored, retry=retry)
        ledger = ClusterLedger(client, scene.namespace, clock=clock, retry=retry)
        state = ClusterState(client, scene.namespace, clock=clock, retry=retry)
        self.pipeline = Pipeline(
            detector, maker, sink, state, clock,
            sources=["events"], ledger=ledger, recorder=recorder, stored=stored,
            meanwhile=ThreadPoolExecutor(1),  # ends with whoever has it
        )  # fmt: skip

        def fresh(start: datetime, end: datetime) -> Pipeline:
            return Pipeline(detector, maker, sink, MemoryState(), clock, ledger=ledger)

        self.pipeline.fill = Filler(ledger, fresh, clock)
        how: dict[str, Any] = {"sweep": timedelta(minutes=5), **options}
        index = how.pop("index", f"{scene.prefix}-*")
        self.source = SearchSource(
            client, "events", index, clock=clock, report=recorder, retry=retry, **how
        )

    def poll(self) -> bool:
        """One poll; False when it failed, and what it had not committed comes again."""
        try:
            self.pipeline.drain(self.source)
        except VedetteError:
            self.scene.failures += 1
            return False
        return True

    def until_whole(self, tries: int = 50) -> None:
        """Poll until a poll does not fail; a fault that does not go away is told."""
        for _ in range(tries):
            if self.poll():
                return
        self.scene.check(False, f"no poll of {tries} succeeded")
