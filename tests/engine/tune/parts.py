"""A pipeline with tuning over a made-up source, which can be made to die at any step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from engine.alert import AlertMaker, Execution
from engine.correlate.correlator import Correlator
from engine.detect import Detector
from engine.errors import Problem
from engine.library import Library
from engine.ports import Action, Alert, Batch, Checkpoint, Document, Record, Written
from engine.rule import RuleSet
from engine.run import MemoryState, Pipeline
from engine.tune.action import projected
from engine.tune.shelf import Shelf
from engine.tune.tuner import Tuner
from mitre.catalog import Catalog
from tests.engine.helpers import NOW

START = NOW - timedelta(hours=5)
MAKER = AlertMaker(Catalog.load(), Execution("x", "test"), namespace="default")


class Crash(Exception):
    """The process is gone."""


@dataclass
class World:
    """What outlasts a process: alerts, actions, state. `steps` counts down to a crash."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    actions: dict[str, Document] = field(default_factory=dict)
    state: MemoryState = field(default_factory=MemoryState)
    steps: int = -1

    def step(self) -> None:
        """One more moment at which the process may die."""
        self.steps -= 1
        if self.steps == 0:
            raise Crash

    def prepare(self) -> None: ...

    def close(self) -> None: ...

    def write(self, alerts: Sequence[Alert]) -> Written:
        self.step()
        new = {a.id: a for a in alerts if a.id not in self.alerts}
        self.alerts.update(new)
        self.step()
        return Written(len(new), len(alerts) - len(new))

    def record(self, actions: Sequence[Action]) -> None:
        self.step()
        for action in actions:
            self.actions.setdefault(action.id, json.loads(json.dumps(action.document)))
        self.step()

    def read(self, since: datetime | None = None, kind: str | None = None) -> Iterator[Document]:
        return iter([each for each in self.actions.values() if kind in (None, each["kind"])])

    def load(self, name: str) -> Checkpoint | None:
        return self.state.load(name)

    def occurrences(self, name: str, hashes: Iterable[str]) -> dict[str, int]:
        return self.state.occurrences(name, hashes)

    def commit(
        self, name: str, checkpoint: Checkpoint | None, occurrences: Mapping[str, int]
    ) -> None:
        self.step()
        text = None if checkpoint is None else json.loads(json.dumps(checkpoint))
        self.state.commit(name, text, occurrences)
        self.step()

    def held(self) -> list[tuple[str, str, int]]:
        """What the actions amount to: kind, start and count."""
        found = projected(self.actions.values())
        return sorted((d["kind"], d["window"]["start"], d["count"]) for d in found)


@dataclass
class Lines:
    """Events in a fixed order; the checkpoint is how many were read."""

    events: Sequence[Document]
    sizes: Iterator[int]
    name: str = "lines"

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        place = checkpoint["place"] if checkpoint else 0
        assert checkpoint is None or checkpoint.keys() == {"place"}
        while place < len(self.events):
            upto = min(len(self.events), place + next(self.sizes))
            records = [
                Record(self.events[n], self.name, id=f"{self.name}/{n}") for n in range(place, upto)
            ]
            yield Batch(records, {"place": upto})
            place = upto

    def close(self) -> None: ...


def event(minute: float, **fields: Any) -> dict[str, Any]:
    when = START + timedelta(minutes=minute)
    return {"logsource.product": "any", "@timestamp": when.isoformat(), "a": 1, **fields}


def rules_in(folder: Path, *documents: Any, tuning: Any = None) -> RuleSet:
    """Rules and exceptions from one file, with a tuning file."""
    file = folder / "rules.yml"
    file.write_text(yaml.safe_dump_all(documents, sort_keys=False), encoding="utf-8")
    files = []
    if tuning is not None:
        files = [folder / "tuning.yml"]
        files[0].write_text(yaml.safe_dump(tuning, sort_keys=False), encoding="utf-8")
    shelf = Shelf(files)
    found = Library([file], shelf=shelf).load()
    assert [str(error) for error in found.refused] == []
    return found


def pipeline(
    rules: RuleSet,
    world: World,
    problems: list[Problem] | None = None,
    *,
    lateness: timedelta | None = timedelta(minutes=10),
    now: datetime = NOW,
    sources: Sequence[str] = ("lines",),
) -> Pipeline:
    told = problems.append if problems is not None else lambda _: None
    tuning = rules.tuning
    tuner = Tuner(tuning, rules.rules, MAKER, told, lateness=lateness) if tuning else None
    return Pipeline(
        Detector(rules.rules, told),
        MAKER,
        world,
        world,
        lambda: now,
        correlator=Correlator.of(rules, told, lateness=lateness),
        sources=sources,
        tuner=tuner,
        actions=world,
    )
