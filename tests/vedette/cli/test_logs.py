"""`vedette logs check`: files of any kind, configured sources, and safe output."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.search.double import FakeClient
from tests.vedette.cli.command import ndjson, process, vedette

HOSTILE = "evil\x1b]0;x\x07\u202e"


@pytest.fixture(autouse=True)
def _stand(folder: Path) -> None:
    Path("vedette.yml").write_text(
        "rules: {paths: [rules]}\nstate: {dir: state}\n"
        "sources: [{type: folder, name: inbox, path: inbox}]\n"
    )
    (folder / "inbox").mkdir()


def by_check(text: str) -> dict[str, dict[str, Any]]:
    return {line["check"]: line for line in map(json.loads, text.splitlines())}


def test_a_file_of_events_is_looked_at_and_its_defects_are_told() -> None:
    answer = vedette("logs", "check", "events.ndjson")
    assert answer.code == 1  # one of five events has no time
    assert "events.ndjson: 5 events looked at" in answer.out
    assert "fail  time        1 events (20.0 %) have no time that can be read" in answer.out
    assert "ok    host        every event names a host" in answer.out
    assert "→ have the shipper set @timestamp" in answer.out


def test_as_json_each_finding_is_one_object() -> None:
    found = by_check(vedette("logs", "check", "events.ndjson", "--output", "json").out)
    assert found["time"]["numbers"] == {"missing": 1, "of": 5}
    assert {line["events"] for line in found.values()} == {5}


def test_warnings_end_with_0_unless_asked_to_count() -> None:
    Path("a.ndjson").write_bytes(ndjson([process("x", Computer=None), process("y")]))
    assert vedette("logs", "check", "a.ndjson").code == 0
    assert vedette("logs", "check", "a.ndjson", "--fail-on", "warn").code == 1


@pytest.mark.parametrize("packed", [False, True])
def test_plain_text_is_read_line_by_line(packed: bool) -> None:
    raw = b"2026-11-23 02:30:00 INFO one two three\n\nno time at all here\nbad \xff byte\n"
    name = "app.log.gz" if packed else "app.log"
    Path(name).write_bytes(gzip.compress(raw) if packed else raw)
    found = by_check(vedette("logs", "check", name, "-o", "json").out)
    assert found["time"]["numbers"] == {"missing": 2, "of": 3}
    assert found["encoding"]["numbers"]["lost"] == 1
    assert found["free-text"]["numbers"]["texts"] == 3


def test_a_line_of_syslog_is_an_event_whose_year_is_guessed_and_that_is_told() -> None:
    line = "{} 14 15:16:0{} combo sshd[19{}]: authentication failure; user={}\n"
    Path("auth.log").write_text("".join(line.format("Jun", n, n, n) for n in range(5)))
    found = by_check(vedette("logs", "check", "auth.log", "-o", "json").out)
    assert found["time"]["state"] == "warn"
    assert found["time"]["message"] == "5 events (100 %) name no year: it is guessed"
    assert found["zone"]["numbers"] == {"yearless": 5}
    assert (found["free-text"]["state"], found["host"]["state"]) == ("ok", "ok")


def test_a_line_that_begins_with_a_bracket_is_text_and_a_list_is_a_list() -> None:
    Path("a.log").write_text("[Sun Dec 04 04:47:44 2005] [notice] ok\n")
    Path("b.json").write_text(json.dumps([process("x"), process("y")], indent=1))
    assert "a.log: 1 events" in vedette("logs", "check", "a.log").out
    assert "b.json: 2 events" in vedette("logs", "check", "b.json").out


def test_a_very_long_line_is_cut_and_told() -> None:
    Path("a.log").write_bytes(b"x" * 1_000_000 + b"\nshort line of text\n")
    answer = vedette("logs", "check", "a.log")
    assert "2 events looked at" in answer.out
    assert "line-cut 1" in answer.out


def test_what_cannot_be_read_is_a_finding_too() -> None:
    Path("a.ndjson").write_bytes(ndjson([process("x")]) + b'{"a": \n')
    answer = vedette("logs", "check", "a.ndjson")
    assert "warn  reading     1 problems in reading: malformed-json 1" in answer.out


def test_text_from_events_cannot_drive_a_terminal() -> None:
    event = process(HOSTILE, "2031-01-01T00:00:00Z", Computer=None)
    Path("a.ndjson").write_bytes(ndjson([{HOSTILE: 1, **event}, {"message": HOSTILE}]))
    for form in ("table", "json"):
        answer = vedette("logs", "check", "a.ndjson", "--output", form)
        assert not set("\x1b\x07\u202e") & set(answer.out)


def test_a_configured_folder_is_looked_at_by_its_name_and_nothing_is_remembered() -> None:
    Path("inbox/a.ndjson").write_bytes(ndjson([process("x")]))
    answer = vedette("logs", "check", "inbox")
    assert "1 events looked at" in answer.out
    assert not Path("state").exists()


def test_a_configured_index_is_looked_at_for_the_last_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("vedette.yml").write_text(
        "rules: {paths: [rules]}\ncluster: {hosts: ['http://x:9200']}\n"
        "sources: [{type: search, name: logs, index: 'logs-*'}]\n"
    )
    import time

    client = FakeClient()
    now = int(time.time() * 1000)
    for n in range(3):
        client.put("logs-x", str(n), now - n * 60_000 - 10_000, Image="x", Computer="a")
    client.put("logs-x", "old", now - 3 * 86_400_000)
    monkeypatch.setattr("vedette.events.connect", lambda settings: client)
    assert "logs: 3 events looked at" in vedette("logs", "check", "logs").out
    assert "logs: 4 events looked at" in vedette("logs", "check", "logs", "--last", "7d").out
    assert "logs: 2 events looked at" in vedette("logs", "check", "logs", "--limit", "2").out
    assert client.calls["close"] == 3
    assert not client.calls["index"]
    assert not client.open


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "nothing to look at"),
        (["inbux"], "neither a file nor a configured source"),
        (["inbux"], "did you mean 'inbox'"),
        (["inbox", "--last", "soon"], "--last: 'soon' is not a duration"),
        (["inbox", "--output", "csv"], "--output: unknown value"),
    ],
)
def test_a_wrong_call_is_told(arguments: list[str], told: str) -> None:
    answer = vedette("logs", "check", *arguments)
    assert answer.code == 3
    assert told in answer.err


def test_a_source_without_events_is_not_fit() -> None:
    answer = vedette("logs", "check", "inbox")
    assert answer.code == 1
    assert answer.out.splitlines()[:2] == [
        "inbox: 0 events looked at", "fail  reading     no event came",
    ]  # fmt: skip
    assert "the last 24h are looked at" in answer.out
