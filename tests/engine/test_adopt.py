"""Rules that are changed in the middle of a poll count for every event of the next batch."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.files.limits import Limits
from connectors.files.watch import FolderSource
from engine.alert import AlertMaker, Execution
from engine.detect import Detector
from engine.load import load_rules
from engine.ports import Written
from engine.run import MemoryState, Pipeline
from mitre.catalog import Catalog
from tests.engine.helpers import NOW, fail_on_problem, rule, write_rules
from tests.engine.test_run import OnceSink

SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
PROCESS = {"product": "windows", "category": "process_creation"}
EVENTS = [{**SYSMON, "n": number, "User": "u"} for number in range(9)]


def asks(title: str, field: str, value: Any) -> dict[str, Any]:
    return rule(title, logsource=PROCESS, detection={"s": {field: value}, "condition": "s"})


def of(folder: Path, *documents: Any) -> Detector:
    return Detector(load_rules([write_rules(folder, *documents)]).rules, fail_on_problem)


@pytest.mark.parametrize("packed", [True, False])  # unpacked, lines are looked at late enough
@pytest.mark.parametrize("turn", [1, 2])
def test_lines_looked_at_with_other_rules_are_matched_by_those_of_now(
    packed: bool, turn: int, tmp_path: Path
) -> None:
    maker = AlertMaker(Catalog.load(), Execution("x", "test"), namespace="default")
    before = of(tmp_path, asks("All", "User", "u"), asks("Old", "n", [0, 3, 8]))
    after = of(tmp_path, asks("New", "n", [1, 4, 7]), asks("Old", "n", 8))
    events = tmp_path / "events"
    events.mkdir()
    text = b"".join(orjson.dumps(event) + b"\n" for event in EVENTS)
    file = events / "a.json"
    file.write_bytes(gzip.compress(text) if packed else text)
    os.utime(file, (1, 1))
    sink = OnceSink()
    one = Pipeline(before, maker, sink, MemoryState(), lambda: NOW)
    source = FolderSource(
        events, "events", fail_on_problem, limits=Limits(batch=3), look=one.look()
    )
    sizes: list[int] = []

    def batch(done: int, _: Written) -> None:
        sizes.append(done)
        if len(sizes) == turn:
            one.adopt(after, None)

    assert one.drain(source, after=batch) == len(EVENTS)
    found = Counter(alert.document["rule"]["name"] for alert in sink.stored.values())
    passed = sum(sizes[:turn])
    old = sum(n < passed for n in (0, 3)) + 1
    assert before.candidates(text.partition(b"\n")[0])  # or nothing was looked at
    assert found == +Counter(All=passed, Old=old, New=sum(n >= passed for n in (1, 4, 7)))
    assert passed == 3 * turn
