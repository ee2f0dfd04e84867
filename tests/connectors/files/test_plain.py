"""Lines of plain logs become events with the names that rules read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connectors.files.plain import parse_plain
from connectors.files.source import FileSource
from connectors.files.time_format import TimeFormat
from connectors.files.watch import FolderSource
from engine.errors import Problem
from engine.kinds import LogSource
from engine.normalise import normalise
from engine.ports import Record

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
CASES = yaml.safe_load(
    (Path(__file__).parents[2] / "cases" / "logs" / "plain.yml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_line_becomes_the_event_that_is_written_down(case: dict[str, Any]) -> None:
    event = parse_plain(case["line"], NOW)
    if case["fields"] is None:
        assert event is None
        return
    assert event is not None
    fields = normalise(Record(event, "log")).fields
    assert {name: fields.get(name) for name in case["fields"]} == case["fields"]


@given(st.one_of(
    st.text(max_size=200),
    st.from_regex(r"<\d{1,3}>[12] \S{1,30} h p 1 - \[.{0,40}\].{0,40}", fullmatch=True),
    st.from_regex(r"(Feb|Nov) [ \d]\d \d\d:\d\d:\d\d \S{1,9} .{0,40}", fullmatch=True),
    st.from_regex(r"type=[A-Z]{1,9} msg=audit\(\d{1,11}\.\d{3}:\d{1,9}\): .{0,60}", fullmatch=True),
    st.from_regex(r'\S{1,9} - - \[\d\d/Nov/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] ".{0,30}" \d{3} -',
                  fullmatch=True),
))  # fmt: skip
def test_any_line_is_an_event_or_none_and_never_an_error(line: str) -> None:
    event = parse_plain(line, NOW)
    assert event is None or normalise(Record(event, "log")).fields


@pytest.mark.parametrize(
    "line",
    [
        "<34>1 - h p - - " + '[a b="' + '\\"' * 30_000,
        "<34>1 - h p - - " + '[a b="c"]' * 7_000 + "x",
        "type=EXECVE msg=audit(1.000:1): " + "a=" * 30_000,
        '1 - - [26/Nov/2026:08:03:00 +0100] "' + "\\" * 60_001,
        "Nov 26 08:00:00 " + "h" * 60_000,
    ],
)
def test_a_hostile_line_takes_no_longer_than_its_length(line: str) -> None:
    for _ in range(20):
        parse_plain(line, NOW)  # a second altogether even where it is slow; for ever if squared


def lines_of(folder: Path) -> tuple[list[Record], list[Problem]]:
    problems: list[Problem] = []
    source = FileSource([folder], problems.append)
    return [record for batch in source.poll() for record in batch.records], problems


MIXED = b"""\
Nov 26 08:01:01 web1 sshd[1]: Accepted password for root from 198.51.100.23 port 1 ssh2
{"EventID": 1, "Channel": "Security"}
type=EXECVE msg=audit(1764144000.123:77): argc=1 a0="id"
no form that is known
"""


def test_one_file_may_mix_them_and_what_is_unknown_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(MIXED)
    records, problems = lines_of(tmp_path)
    assert [record.line for record in records] == [1, 2, 3]
    assert records[2].document["a0"] == "id"
    assert [(problem.kind, problem.line) for problem in problems] == [("malformed-json", 4)]


def test_with_text_every_line_is_an_event(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(MIXED)
    source = FileSource([tmp_path], lambda _: None, text=True)
    records = [record for batch in source.poll() for record in batch.records]
    assert records[3].document == {"message": "no form that is known"}


DATED = b"""\
[Sun Dec 04 04:47:44 2005] [notice] a line that begins like a list
2026-11-26 08:00:01,5 INFO started
    at org.example.Main
[1, 2]
"""


def test_with_text_a_line_has_the_time_that_it_begins_with(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(DATED)
    problems: list[Problem] = []
    source = FileSource([tmp_path], problems.append, text=True)
    records = [record for batch in source.poll() for record in batch.records]
    wanted = [
        {"@timestamp": "2005-12-04T04:47:44+00:00",
         "message": "[notice] a line that begins like a list"},
        {"@timestamp": "2026-11-26T08:00:01.500000+00:00", "message": "INFO started"},
        {"message": "at org.example.Main"},
    ]  # fmt: skip
    assert [record.document for record in records] == wanted
    assert {(problem.kind, problem.line) for problem in problems} == {("not-an-object", 4)}
    watched = FolderSource(tmp_path, "inbox", lambda _: None, text=True)
    found = [record for batch in watched.poll(None) for record in batch.records]
    assert [record.document for record in found] == wanted


def test_a_format_that_is_given_tells_the_time_of_what_has_no_form(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"28.11.2026 04:30 up\nNov 26 08:01:01 web1 sshd[1]: x\n")
    times = TimeFormat("%d.%m.%Y %H:%M")
    for source in (
        FileSource([tmp_path], lambda _: None, text=True, times=times),
        FolderSource(tmp_path, "inbox", lambda _: None, text=True, times=times),
    ):
        first, second = (r.document for batch in source.poll(None) for r in batch.records)
        assert first == {"@timestamp": "2026-11-28T04:30:00+00:00", "message": "up"}
        assert second["process"] == {"name": "sshd", "pid": 1}


def test_a_watched_folder_reads_what_a_hunt_reads(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(MIXED)
    source = FolderSource(tmp_path, "inbox", lambda _: None)
    watched = [record for batch in source.poll(None) for record in batch.records]
    hunted, _ = lines_of(tmp_path)
    assert [record.document for record in watched] == [record.document for record in hunted]
    with (tmp_path / "a.log").open("ab") as file:
        file.write(b"Nov 26 08:01:02 web1 sudo: alice : command not allowed\n")
    more = [r for batch in source.poll({"files": []}) for r in batch.records]
    assert more[-1].document["process"] == {"name": "sudo"}


def test_a_year_is_that_in_which_the_file_was_written(tmp_path: Path) -> None:
    import os

    path = tmp_path / "old.log"
    path.write_bytes(b"Dec 31 23:59:59 h sshd[1]: x\nJan  1 00:00:01 h sshd[1]: y\n")
    written = datetime(2020, 1, 1, 0, 5, tzinfo=UTC).timestamp()
    os.utime(path, (written, written))
    records, _ = lines_of(tmp_path)
    assert [str(r.document["@timestamp"])[:10] for r in records] == ["2019-12-31", "2020-01-01"]


def test_what_a_line_says_of_its_kind_does_not_hide_what_the_user_says() -> None:
    event = parse_plain("Nov 26 08:01:01 fw1 filterlog: deny", NOW)
    assert event is not None
    fields = normalise(Record(event, "log"), LogSource("pfsense", category="firewall")).fields
    assert fields["logsource.product"] == ["linux", "pfsense"]
    assert fields["logsource.category"] == ["firewall"]
