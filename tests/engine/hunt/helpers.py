"""Short ways to make hunts, and to run them over events in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import yaml

from engine.alert import AlertMaker, Execution
from engine.correlate.value import micros, moment
from engine.hunt.model import Hunt, Span
from engine.hunt.parse import parse
from engine.hunt.reader import ListReader
from engine.hunt.row import Finding, Table
from engine.hunt.rows import time_of
from engine.hunt.run import Outcome, run
from engine.normalise import normalise
from engine.ports import Record
from engine.yaml_text import Documents
from mitre.catalog import Catalog
from tests.engine.helpers import fail_on_problem

T0 = datetime(2026, 1, 1, tzinfo=UTC)
ID = "0b6c5a0e-2f0f-4a0b-9d43-4b1f3f9f2a51"
SECOND = 1_000_000
DAY = 86_400


def document(**keys: Any) -> dict[str, Any]:
    """A hunt as it is written; every event counts unless a detection is given."""
    return {"title": "A hunt", "id": ID, **keys}


def hunt(folder: str = "", **keys: Any) -> Hunt:
    text = yaml.safe_dump(document(**keys), sort_keys=False)
    return parse(yaml.safe_load(text), 0, Documents(f"{folder}hunt.yml", text, []))


def at(second: float) -> int:
    return micros(T0) + round(second * SECOND)


def span(start: float, end: float) -> Span:
    return Span(at(start), at(end))


def event(second: float, **fields: Any) -> dict[str, Any]:
    return {"@timestamp": moment(at(second)).isoformat(), **fields}


def reader(events: Sequence[Mapping[str, Any]], table: Table | None = None) -> ListReader:
    records = [
        Record(document, "test", id=f"{number:05}") for number, document in enumerate(events)
    ]
    timed = [(time_of(normalise(record), "@timestamp") or 0, record) for record in records]
    timed.sort(key=lambda item: item[0])
    return ListReader(timed, {"esql": table, "ppl": table} if table else None)


def outcome(
    wanted: Hunt,
    events: Sequence[Mapping[str, Any]],
    over: Span | None = None,
    memory: dict[str, Any] | None = None,
) -> Outcome:
    return run(wanted, over or span(0, DAY), reader(events), memory or {}, fail_on_problem)


def findings(
    wanted: Hunt, events: Sequence[Mapping[str, Any]], over: Span | None = None
) -> list[Finding]:
    return list(outcome(wanted, events, over).findings)


def seconds(found: Sequence[Finding]) -> list[float]:
    """When each of the findings is complete, in seconds since T0."""
    return [(finding.time - at(0)) / SECOND for finding in found]


def alerts(wanted: Hunt, found: Outcome) -> list[dict[str, Any]]:
    maker = AlertMaker(Catalog.load(), Execution("x", "test"), namespace="test")
    return [alert.document for alert in found.alerts(maker, wanted, moment(at(DAY)))]
