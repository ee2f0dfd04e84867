"""Tests that travel inside hunts: stories of events, and the alerts that they must lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine.alert import AlertMaker, Execution
from engine.correlate.value import micros, moment
from engine.errors import Problem, VedetteError, nearest_name
from engine.hunt.model import Hunt, Span
from engine.hunt.reader import ListReader
from engine.hunt.row import Table
from engine.hunt.rows import time_of
from engine.hunt.run import run
from engine.json_text import json_text
from engine.normalise import normalise
from engine.ports import Record
from mitre.catalog import Catalog
from vedette.correlation_tests import START, fault, played
from vedette.rule_tests import as_read

KEYS = ("name", "history", "events", "rows", "alerts")

LONGEST = timedelta(days=1)
"""The span of a test, from its start on, unless its events go on for longer."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one test; `failure` is None when it passed."""

    hunt: Hunt
    name: str
    failure: str | None


def run_tests(hunt: Hunt) -> Iterator[Result]:
    """Run a hunt's tests; one without a test that alerts, or without a near miss, fails by name."""
    block = hunt.rule.document.get("vedette")
    tests = block.get("tests") if isinstance(block, Mapping) else None
    if not isinstance(tests, list) or not tests:
        yield Result(hunt, "vedette.tests", "has no tests")
        return
    kinds = set()
    for number, test in enumerate(tests, start=1):
        wrong = _fault(test)
        if wrong:
            yield Result(hunt, f"test {number}", wrong)
            continue
        kinds.add(bool(test["alerts"]))
        yield Result(hunt, str(test["name"]), _failure(hunt, as_read(test)))
    for kind, text in ((True, "no test that alerts"), (False, "no near miss")):
        if kind not in kinds:
            yield Result(hunt, "vedette.tests", f"has {text}")


def _fault(test: Any) -> str | None:
    """What is wrong with a test, or None."""
    if not isinstance(test, Mapping) or "name" not in test or "alerts" not in test:
        return "lacks name or alerts"
    for key in test:
        if key not in KEYS:
            near = nearest_name(str(key), KEYS)
            return f"has the unknown key {key!r}" + (f"; did you mean {near!r}?" if near else "")
    for key in ("history", "events"):
        if test.get(key) and (wrong := fault(test[key])):
            return f"{key}: {wrong}"
    wanted = test["alerts"]
    if isinstance(wanted, bool) or not isinstance(wanted, int | list):
        return "alerts is a number, or a list of what each alert holds"
    return None


def _failure(hunt: Hunt, test: Mapping[str, Any]) -> str | None:
    problems: list[Problem] = []
    try:
        documents = alerts(hunt, test, problems)
    except VedetteError as error:
        return str(error)
    if problems:
        return str(problems[0])
    wanted = test["alerts"]
    count = wanted if isinstance(wanted, int) else len(wanted)
    if len(documents) != count:
        told = "; ".join(document["event"]["reason"] for document in documents[:3])
        return f"{len(documents)} alerts, wanted {count}" + (f": {told}" if told else "")
    for number, (document, fields) in enumerate(
        zip(documents, wanted if isinstance(wanted, list) else (), strict=False), start=1
    ):
        for path, value in fields.items():
            found = _at(document, path)
            if found != value:
                return f"alert {number}: {path} is {json_text(found)}, wanted {json_text(value)}"
    return None


def alerts(
    hunt: Hunt, test: Mapping[str, Any], problems: list[Problem]
) -> list[dict[str, Any]]:  # fmt: skip
    """The alert documents that a test leads to. Raises what the hunt raises."""
    events = _timed(hunt, played(test.get("events") or [], START))
    last = max((time for time, _ in events), default=micros(START))
    span = Span(micros(START), max(last + 1, micros(START + LONGEST)))
    before = _timed(hunt, _ending(played(test.get("history") or [], START)))
    rows = test.get("rows") or []
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    table = Table(columns, tuple(tuple(row.get(name) for name in columns) for row in rows))
    records = sorted([*before, *events], key=lambda item: item[0])
    reader = ListReader(records, {"esql": table, "ppl": table})
    outcome = run(hunt, span, reader, {}, problems.append)
    maker = AlertMaker(Catalog.load(), Execution("test", "test"), namespace="test")
    return [each.document for each in outcome.alerts(maker, hunt, moment(span.end))]


def _timed(hunt: Hunt, documents: Sequence[Mapping[str, Any]]) -> list[tuple[int, Record]]:
    records = [Record(document, origin="") for document in documents]
    timed = [(time_of(normalise(record), hunt.time_field), record) for record in records]
    return [(micros(START) if time is None else time, record) for time, record in timed]


def _ending(documents: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The events of the history, moved so that the last is a second before the run's span."""
    times = [normalise(Record(document, "")).time for document in documents]
    known = [time for time in times if time]
    shift = START - timedelta(seconds=1) - max(known) if known else timedelta()
    return [
        {**document, "@timestamp": (time + shift).isoformat()} if time else document
        for document, time in zip(documents, times, strict=True)
    ]


def _at(document: Any, path: str) -> Any:
    """What a dotted path leads to."""
    for part in path.split("."):
        if isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, Mapping):
            document = document.get(part)
        else:
            return None
    return document
