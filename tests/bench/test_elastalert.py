"""What the comparison with ElastAlert 2 rests on, without a server."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from engine.load import load_rules
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from tests.bench.corpus import Lines, at_time
from tests.bench.elastalert import tell
from tests.bench.elastalert_intervals import POLLED, Pass
from tests.bench.elastalert_node import BULK, SPAN, Corpus, Counts, bodies
from tests.bench.elastalert_ours import copied, oracle
from tests.bench.elastalert_peer import Outcome, ran, reason
from tests.bench.elastalert_process import Child
from tests.bench.elastalert_rules import convert, some
from tests.bench.latency import Watcher
from tests.conformance.cluster import Server

START = datetime(2026, 1, 1, tzinfo=UTC)
RULE = """\
title: Encoded PowerShell
id: 00000000-0000-4000-8000-000000000001
status: test
level: high
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\\powershell.exe', CommandLine|contains: ' -enc '}
  condition: selection
"""


@pytest.fixture
def rules(tmp_path: Path) -> list[Rule]:
    """One rule, for which events come in two ways."""
    (tmp_path / "rule.yml").write_text(RULE)
    return load_rules([tmp_path / "rule.yml"]).rules


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Two events, the first of which the rule matches, twice."""
    event = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
    event["Image"] = "C:\\Windows\\powershell.exe"
    lines = [{**event, "CommandLine": "powershell -enc aa"}, {**event, "CommandLine": "x"}]
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Corpus(Lines.of(path), 2, START)


def test_a_rule_becomes_one_file_with_one_query_for_all_its_ways(
    rules: list[Rule], tmp_path: Path
) -> None:
    converted = convert(rules, "events")
    converted.write(tmp_path / "files")
    (file,) = (tmp_path / "files").iterdir()
    written = yaml.safe_load(file.read_text())
    assert written["name"] == rules[0].id
    assert (written["type"], written["index"]) == ("any", "events")
    assert written["realert"] == {"minutes": 0}
    (clause,) = written["filter"]
    query = clause["query"]["query_string"]["query"]
    # Sysmon's events and those of the audit log, each with its own name of the program
    assert re.search(r"EventID:1\b.*\) OR \(.*EventID:4688\b", query)
    assert "Image:*" in query
    assert "NewProcessName:*" in query


def test_a_rule_that_no_index_can_tell_is_named_as_refused(tmp_path: Path) -> None:
    text = RULE.replace("product: windows, category: process_creation", "product: other")
    (tmp_path / "other.yml").write_text(text)
    rules = load_rules([tmp_path / "other.yml"]).rules
    converted = convert(rules, "events")
    assert not converted.files
    assert list(converted.refused) == [rules[0].id]


@pytest.mark.parametrize(("count", "places"), [(2, [0, 5]), (3, [0, 3, 6]), (50, list(range(10)))])
def test_rules_are_chosen_evenly(rules: list[Rule], count: int, places: list[int]) -> None:
    many = [rules[0]] * 10
    numbered = list(enumerate(many))
    assert [n for n, _ in some(numbered, count)] == places  # type: ignore[type-var]


def test_copies_have_numbers_and_times_of_their_own_within_the_span(corpus: Corpus) -> None:
    events = list(corpus)
    assert [event["number"] for event in events] == [0, 1, 2, 3]
    times = [datetime.fromisoformat(event["@timestamp"]) for event in events]
    assert times == sorted(set(times))
    assert times[0] > START
    assert times[-1] - START == SPAN
    assert events[0]["CommandLine"] == events[2]["CommandLine"]


def test_an_event_of_another_time_says_so_wherever_the_engine_looks_for_it() -> None:
    event = at_time({"UtcTime": "2019-01-02 03:04:05.678", "Image": "x"}, START)
    assert event["UtcTime"] == "2026-01-01 00:00:00.000"
    assert normalise(Record(event, "bench")).time == START
    assert normalise(Record(at_time({"Image": "x"}, START), "bench")).time == START


def test_the_oracle_finds_what_the_engine_finds(rules: list[Rule], corpus: Corpus) -> None:
    assert oracle(rules, corpus.recorded()) == {(rules[0].id, 0)}


def test_rules_are_copied_as_they_are(rules: list[Rule], tmp_path: Path) -> None:
    folder = copied(rules, tmp_path / "copied")
    assert [rule.id for rule in load_rules([folder]).rules] == [rules[0].id]


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ({("r", 0): 1, ("r", 2): 1}, "0 of them twice; missed 0 of 2 (of 0 rules), 0 that"),
        ({("r", 0): 2}, "1 of them twice; missed 1 of 2"),
        ({("r", 0): 1}, "missed 1 of 2 (of 1 rules), 0 that"),
        ({("r", 0): 1, ("r", 2): 1, ("r", 1): 1}, "missed 0 of 2 (of 0 rules), 1 that"),
        ({}, "missed 2 of 2 (of 1 rules)"),
    ],
)
def test_what_is_missed_is_counted_for_each_copy(
    alerts: dict[tuple[str, int], int], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = Counts(3, 1.0)
    tell(Outcome("x", 4, 1, 2.0, 1.0, 1.0, 9, counts, Counter(alerts)), frozenset({("r", 0)}), 2)
    printed = capsys.readouterr().out
    assert said in printed
    assert "2 events a second" in printed


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("RequestError(400, 'too_many_nested_clauses', 'x')", "too many nested clauses"),
        ("failed: Determinizing automaton with 1 states", "Determinizing automaton"),
        ("something  new", "something new"),
    ],
)
def test_reasons_are_told_by_kind(message: str, kind: str) -> None:
    assert reason(message) == kind


def test_a_rule_has_run_when_its_search_was_answered_refused_or_failed() -> None:
    log = (
        "INFO:elastalert:Queried rule a from x to y: 0 / 0 hits\n"
        "INFO:elastalert:Ran a from x to y: 0 query hits (0 already seen), 0 matches\n"
        "ERROR:elastalert:Error running query: RequestError(400)\n"
        "INFO:elastalert:Ran b from x to y: 0 query hits (0 already seen), 0 matches\n"
        "ERROR:elastalert:Uncaught exception running rule c: 'index'\n"
        "INFO:elastalert:Queried rule d from x to y: 0 / 0 hits\n"
    )
    assert ran(log) == {"a", "b", "c"}


def test_a_process_is_measured_until_it_ends(tmp_path: Path) -> None:
    code = "print('hello'); x = bytearray(50_000_000); sum(range(2_000_000))"
    own = bytearray(200_000_000)  # the memory of who looks is not its own
    child = Child([sys.executable, "-c", code], tmp_path / "log", tmp_path, {})
    del own
    while child.ended() is None:
        pass
    assert child.ended() == 0
    assert child.text() == "hello\n"
    assert 47 < child.peak < 150
    assert child.cpu > 0


def test_a_process_that_goes_on_is_ended(tmp_path: Path) -> None:
    code = "import time; time.sleep(600)"
    child = Child([sys.executable, "-c", code], tmp_path / "log", tmp_path, {})
    assert child.ended() is None
    child.stop()
    assert child.ended() == -9


def test_an_event_counts_from_the_last_look_that_did_not_find_it() -> None:
    watcher = Watcher(Server("opensearch", "http://127.0.0.1:1"), [10.0, 11.0], [0, 5])
    assert watcher.searchable(4) == 10.0
    assert watcher.searchable(5) == 11.0


def test_events_are_indexed_in_bodies_that_hold_each_of_them_once() -> None:
    events = [{"number": number, "text": "a\nb"} for number in range(2 * BULK + 1)]
    found = [body.splitlines() for body in bodies(events)]
    assert [len(lines) for lines in found] == [2 * BULK, 2 * BULK, 2]
    lines = [json.loads(line) for body in found for line in body]
    assert [line["create"]["_id"] for line in lines[::2]] == [str(e["number"]) for e in events]
    assert lines[1::2] == events


def test_of_an_interval_it_is_told_what_is_missing_and_what_is_told_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = Counter({("a", 1): 2, ("a", 2): 1})
    Pass("it", 0.5, 20_000, 1.0, Counts(8, 0.6), found).tell(frozenset({("a", 1), ("b", 1)}))
    text = capsys.readouterr().out
    assert "40,000 events a second" in text
    assert "missed 1 of 2, 1 told twice, 1 that the engine does not find" in text


def test_a_poll_is_found_in_the_log() -> None:
    line = "source events: 20000 events read in 0.61 s; alerts so far: 3 new, 0 already there"
    assert POLLED.findall(line) == [("20000", "0.61")]


def test_intervals_have_events_of_their_own(corpus: Corpus) -> None:
    later = replace(corpus, copies=1, span=timedelta(seconds=2), first=10)
    assert [event["number"] for event in later] == [10, 11]
    assert [event["@timestamp"] for event in later] == [
        (START + timedelta(seconds=seconds)).isoformat() for seconds in (1, 2)
    ]
