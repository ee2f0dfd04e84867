"""The demo's day: repeatable, in order, believable to the project's own rules."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.detect import Detector, Match
from engine.errors import Problem
from engine.level import level_rank
from engine.load import load_rules
from engine.normalise import normalise
from engine.ports import Record
from vedette.demo import START, Truth, generate, generate_labelled, write

RULES = Path(__file__).resolve().parents[3] / "rules"
DOCUMENTATION = [
    ipaddress.ip_network(net)
    for net in ("10.0.0.0/8", "127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
]


def refuse(problem: Problem) -> None:
    raise AssertionError(str(problem))


@cache
def detected(seed: int) -> tuple[tuple[dict[str, Any], Truth | None, tuple[Match, ...]], ...]:
    """What alerts on its own, event by event; correlations have tests of theirs."""
    rules = [rule for rule in load_rules([RULES]).rules if rule.output]
    detector = Detector(rules, refuse)
    return tuple(
        (document, truth, tuple(detector.match(normalise(Record(document, "demo")))))
        for document, truth in generate_labelled(seed)
    )


def text(seed: int = 7, **given: Any) -> bytes:
    return b"\n".join(orjson.dumps(event) for event in generate(seed, **given))


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert text(3) == text(3)
    assert text(3) != text(4)


def test_the_bytes_of_the_default_seed_do_not_depend_on_the_labels() -> None:
    stripped = [document for document, _ in generate_labelled()]
    assert list(generate()) == stripped


def test_as_many_ordinary_events_as_asked_for() -> None:
    for wanted in (0, 1, 250):
        truths = [truth for _, truth in generate_labelled(ordinary=wanted)]
        assert truths.count(None) == wanted
        assert 40 <= len(truths) - wanted <= 70


def test_no_label_shows_in_an_event() -> None:
    for document, truth in generate_labelled(ordinary=100):
        if truth is not None:
            assert truth.technique not in json.dumps(document)


def test_events_come_in_the_order_of_time_over_eight_hours() -> None:
    times = [normalise(Record(document, "demo")).time for document in generate()]
    assert None not in times
    # CloudTrail's clock has no fractions of a second
    seconds = [time.replace(microsecond=0) for time in times if time]
    assert seconds == sorted(seconds)
    assert seconds[0] >= START
    assert (
        timedelta(hours=7, minutes=30) < seconds[-1] - seconds[0] < timedelta(hours=8, minutes=30)
    )


def test_another_start_moves_every_event() -> None:
    start = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)
    first = normalise(Record(next(generate(start=start)), "demo")).time
    assert first is not None
    assert start <= first < start + timedelta(minutes=10)


def test_addresses_and_names_are_set_aside_for_examples() -> None:
    written = text().decode()
    for address in set(re.findall(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", written)):
        if any(int(part) > 255 for part in address.split(".")) or f"/{address}" in written:
            continue  # a program's version
        assert any(ipaddress.ip_address(address) in net for net in DOCUMENTATION), address
    hosts = set(re.findall(r'https?://([^/\s"\'\\]+)', written))
    named = {host for host in hosts if not host[0].isdigit()}
    assert all(re.search(r"(^|\.)example\.(com|net|org)$", host) for host in named), named


def test_events_are_of_many_kinds_and_shapes() -> None:
    shapes: Counter[str] = Counter()
    kinds: defaultdict[str, int] = defaultdict(int)
    for document in generate():
        event = normalise(Record(document, "demo"))
        if "Event" in document:
            shapes["evtx"] += 1
        elif "winlog" in document:
            shapes["winlogbeat"] += 1
        elif "ecs" in document:
            shapes["ecs"] += 1
        elif "eventSource" in document:
            shapes["cloudtrail"] += 1
        else:
            shapes["w3c" if "cs-method" in document else "auditd"] += 1
        kinds[f"{event.first('Channel')}/{event.first('EventID')}"] += 1
        for label in ("logsource.product", "logsource.category", "logsource.service"):
            for value in event.values(label):
                kinds[str(value)] += 1
    assert min(shapes.values()) > 50
    assert len(shapes) == 6
    assert {"windows", "linux", "aws", "webserver", "proxy", "auditd", "sshd"} <= kinds.keys()
    sysmon = [1, 3, 7, 10, 11, 13, 22]
    assert all(kinds[f"Microsoft-Windows-Sysmon/Operational/{n}"] > 20 for n in sysmon)


def test_record_numbers_of_a_log_go_up_one_by_one() -> None:
    seen: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for document in generate():
        event = normalise(Record(document, "demo"))
        if event.first("EventRecordID") is not None:
            log = str(event.first("Computer")), _channel(document)
            seen[log].append(int(event.first("EventRecordID")))
    assert len(seen) >= 10
    for numbers in seen.values():
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _channel(document: dict[str, Any]) -> str:
    """Which log an event stands in; the data of a cleared log's event names that one too."""
    if "Event" in document:
        return str(document["Event"]["System"]["Channel"])
    return str(document["winlog"]["channel"])


@pytest.mark.parametrize("seed", [7, 8])
def test_own_rules_find_the_intrusion(seed: int) -> None:
    matches = [match for _, truth, found in detected(seed) if truth for match in found]
    rules = {match.rule.id for match in matches}
    tactics = {
        tag for match in matches for tag in match.rule.tags if not re.match(r"attack\.t\d", tag)
    }
    assert len(rules) >= 40
    assert len(tactics) >= 12
    assert {match.rule.level for match in matches} >= {"medium", "high", "critical"}


def test_each_step_of_the_intrusion_is_found() -> None:
    steps: defaultdict[str, int] = defaultdict(int)
    for _, truth, found in detected(7):
        if truth:
            steps[truth.step] += len(found)
    # what these leave behind looks like ordinary work
    assert {step for step, count in steps.items() if not count} == {"upload", "document opened"}


@pytest.mark.parametrize("seed", [7, 8])
def test_own_rules_stay_quiet_on_ordinary_work(seed: int) -> None:
    loud = [
        match.rule.title
        for _, truth, found in detected(seed)
        if truth is None
        for match in found
        if level_rank(match.rule.level) >= level_rank("medium")
    ]
    assert loud == []


def test_written_file_holds_one_event_a_line(tmp_path: Path) -> None:
    file = tmp_path / "day.ndjson"
    count = write(file, seed=5, ordinary=30)
    lines = file.read_bytes().splitlines()
    assert len(lines) == count
    assert [orjson.loads(line) for line in lines] == list(generate(5, 30))
