"""A bundle of everything wrong with input: each is counted by name, the rest is searched."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vedette.cli.command import BROKEN, Answer, ndjson, process, vedette

WHO = r"C:\Windows\System32\whoami.exe"
GOOD = ndjson([process(WHO)])

WRONG: tuple[Any, ...] = (
    [1, [2]],
    {"a": {"b": 1}},
    {"#attributes": {"Name": 1}, "#text": None},
    True,
    None,
    10**30,
    -1,
    1e308,
    "",
    "x" * (1 << 20),
    [],
    {},
    [None, {}],
    [[[[]]]],
    "2026-99-99T99:99:99Z",
    "9" * 400,
)
KNOWN = (
    *("EventID", "Channel", "Provider_Name", "Computer", "@timestamp", "UtcTime", "User"),
    *("CommandLine", "Hashes", "Event", "winlog", "event", "host", "process", "user", "source"),
    *("related", "agent", "ecs", "Payload", "message", "tags"),
)


def hunt(*arguments: str | Path, stdin: bytes = b"") -> Answer:
    return vedette("hunt", *arguments, "--rules", "rules", stdin=stdin)


def test_each_kind_of_malformed_input_is_counted_and_the_rest_is_searched(folder: Path) -> None:
    bundle = folder / "bundle"
    bundle.mkdir()
    lines = [
        *(GOOD, b'{"cut short\n', b"not json at all\n", GOOD, b"\n", b"\0\0\0\n", b"42\n"),
        b'["an", "array"]\n',
        b'{"User": "\\ud800", "n": 1}\n',
        b'{"User": "\xff\xfe", "n": 2}\n',
        b'{"deep": ' + b"[" * 1000 + b"]" * 1000 + b"}\n",
        b'{"deep": ' + b"[" * 5000 + b"]" * 5000 + b"}\n",
        b'{"long": "' + b"x" * (17 << 20) + b'"}\n',
        json.dumps(process(WHO, CommandLine="x" * (1 << 20))).encode() + b"\n",
        GOOD,
    ]
    noise = ndjson(process(WHO, Noise=Random(n).randbytes(1000).hex()) for n in range(300))
    (bundle / "lines.ndjson").write_bytes(b"".join(lines))
    (bundle / "empty.json").touch()
    (bundle / "blank.ndjson").write_bytes(b" \n\n")
    (bundle / "cut.ndjson.gz").write_bytes(gzip.compress(GOOD * 50)[:-9])
    (bundle / "cut.json.zst").write_bytes(zstandard.compress(noise)[:-9])
    (bundle / "garbage.evtx").write_bytes(b"ElfFile\0" + b"\xa5" * 70_000)
    (bundle / "short.evtx").write_bytes(b"ElfFile\0")
    (bundle / "archive.json").write_bytes(b"PK\x03\x04 not ours")
    (bundle / "notes.txt").write_text("not read")
    (bundle / "gone.ndjson").symlink_to("nowhere")
    (folder / "rules" / "broken.yml").write_text(BROKEN)
    (folder / "rules" / "bytes.yml").write_bytes(b"title: \xff\n")
    (folder / "rules" / "blank.yml").touch()
    (folder / "rules" / "list.yml").write_text("- 1\n")

    answer = hunt("bundle", "events.ndjson")

    assert answer.code == 0
    assert answer.counts == {
        "malformed-json": 3,
        "not-an-object": 3,
        "lone-surrogate": 1,
        "invalid-utf8": 1,
        "too-deep": 2,
        "line-too-long": 1,
        "empty-file": 2,
        "truncated-gzip": 1,
        "truncated-zstd": 1,
        "corrupt-evtx-record": 1,
        "truncated-evtx": 2,
        "unknown-format": 1,
        "skipped-file": 1,
        "unreadable-file": 1,
        "rule-refused": 4,
    }
    where = [a["vedette"]["alert"]["ancestors"][0] for a in answer.alerts]
    assert [w["line"] for w in where if w["index"] == "bundle/lines.ndjson"] == [1, 4, 14, 15]
    assert len([w for w in where if w["index"] == "bundle/cut.ndjson.gz"]) == 50
    assert len([w for w in where if w["index"] == "bundle/cut.json.zst"]) > 100
    assert len([w for w in where if w["index"] == "events.ndjson"]) == 4
    for line in answer.err.splitlines():
        kind, _, rest = line.partition(": ")
        if kind in answer.counts and not rest.endswith(" in all"):
            assert rest.startswith(("bundle/", "rules/")), line


def test_a_table_counts_the_same_problems(folder: Path) -> None:
    answer = hunt("-", "--output", "table", stdin=GOOD + b"{\n" * 30)
    assert "30 problems on the way" in answer.out
    assert "30x malformed-json" in answer.out
    assert "1 alert from 1 rule" in answer.out


@pytest.mark.parametrize("key", KNOWN)
def test_a_known_field_of_a_wrong_type_stops_nothing(folder: Path, key: str) -> None:
    events = [{**process(WHO), key: value} for value in WRONG]
    answer = hunt("-", stdin=ndjson([*events, process(WHO, Computer="LAST")]))
    assert (answer.code, answer.counts) == (0, {})
    assert answer.alerts[-1]["host"]["name"] == "LAST"


@pytest.mark.parametrize("part", ["System", "EventData", "UserData"])
def test_a_wrong_part_of_an_event_log_record_stops_nothing(folder: Path, part: str) -> None:
    system = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": "A"}
    good = {"Event": {"System": system, "EventData": {"Image": WHO}}}
    below: list[Any] = [
        {name: value}
        for value in WRONG
        for name in ("Data", "EventID", "Provider", "TimeCreated", "Execution", "Channel", "X")
    ]
    wrong = [{"Event": {**good["Event"], part: value}} for value in [*WRONG, *below]]
    answer = hunt("-", stdin=ndjson([*wrong, good]))
    assert (answer.code, answer.counts) == (0, {})
    assert answer.alerts[-1]["process"]["executable"] == WHO


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KNOWN) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.dictionaries(st.sampled_from(KNOWN), JSON, max_size=6), max_size=6))
def test_no_event_whatever_it_holds_stops_the_hunt(
    folder: Path, events: list[dict[str, Any]]
) -> None:
    answer = hunt("-", "-o", "table", stdin=ndjson([*events, process(WHO)]))
    assert answer.code == 0
    assert "Whoami Was Run" in answer.out


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=400) | st.text().map(str.encode))
def test_no_bytes_stop_the_hunt(folder: Path, raw: bytes) -> None:
    answer = hunt("-", stdin=raw)
    assert answer.code == 0
    assert "Traceback" not in answer.err
