"""Each observer is silent on sound logs, and names its defect with numbers and examples."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.load import load_rules
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from tests.docs.pages import page
from tests.vedette.cli.command import WHOAMI, vedette
from vedette.logcheck.finding import STATES, Finding, percent
from vedette.logcheck.observers import flow, shape, text
from vedette.logcheck.registry import Given, every, observe

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> list[Rule]:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "who.yml").write_text(WHOAMI)
    return load_rules([folder]).rules


def seen(
    documents: Iterable[Mapping[str, Any]], rules: list[Rule] | None = None
) -> dict[str, list[Finding]]:
    """Findings by check."""
    events = (normalise(Record(document, "x")) for document in documents)
    found: dict[str, list[Finding]] = {}
    for finding in observe(events, Given(rules or [], NOW))[1]:
        found.setdefault(finding.check, []).append(finding)
    return found


def one(
    name: str, documents: Iterable[Mapping[str, Any]], rules: list[Rule] | None = None
) -> Finding:
    (finding,) = seen(documents, rules)[name]
    return finding


def at(minutes: float) -> str:
    return (NOW - timedelta(days=1) + timedelta(minutes=minutes)).isoformat()


def good(number: int = 50) -> list[dict[str, Any]]:
    """Sound events of one kind."""
    return [
        {
            "@timestamp": at(n),
            "log": {"level": "info"},
            "Channel": "Microsoft-Windows-Sysmon/Operational",
            "EventID": 1,
            "Computer": "WS01",
            "Image": f"C:\\{n}.exe",
        }
        for n in range(number)
    ]


def test_sound_logs_are_found_sound_by_every_observer(rules: list[Rule]) -> None:
    found = seen(good(), rules)
    assert set(found) == {each.name for each in every()}
    assert {f.state for findings in found.values() for f in findings} == {"ok"}


def test_no_event_at_all_gives_no_finding() -> None:
    assert seen([]) == {}


def test_events_without_a_time_are_counted_and_shown() -> None:
    events = good()
    del events[3]["@timestamp"], events[7]["@timestamp"], events[9]["@timestamp"]
    finding = one("time", events)
    assert finding.state == "fail"
    assert finding.numbers == {"missing": 3, "of": 50}
    assert "6.0 %" in finding.message
    assert "Sysmon" in finding.examples[0]


def test_time_that_jumps_back_is_told_with_how_far() -> None:
    events = good()
    events[20]["@timestamp"] = at(-100)
    finding = one("time", events)
    assert finding.state == "warn"
    assert finding.numbers["jumps"] == 1
    assert "at most by 1h 59m" in finding.message
    assert "is followed by 2026-11-22 10:20:00" in finding.examples[0]


def test_a_little_disorder_is_none() -> None:
    events = good()
    events[20]["@timestamp"] = at(18.5)
    assert one("time", events).state == "ok"


def test_times_that_cannot_be_are_told() -> None:
    events = good()
    events[0]["@timestamp"] = "1970-01-01T00:00:00Z"
    events[-1]["@timestamp"] = "2031-01-01T00:00:00Z"
    finding = one("time", events)
    assert finding.numbers == {"ahead": 1, "ancient": 1}


@pytest.mark.parametrize(
    ("times", "state", "told"),
    [
        (["2026-11-22T10:00:00Z", "2026-11-22T10:00:01+00:00"], "ok", "(utc)"),
        (["2026-11-22T10:00:00+02:00"] * 2, "ok", "(+02:00)"),
        (["2026-11-22T10:00:00Z", "2026-11-22T12:00:01+02:00"], "note", "utc 50.0 %, +02:00"),
        (["2026-11-22 10:00:00", "2026-11-22 10:00:01"], "warn", "no time says its zone"),
        (["2026-11-22T10:00:00Z", "2026-11-22 10:00:01"], "fail", "with and without a zone"),
        ([1795341600, 1795341601], "ok", "(epoch)"),
        (["22/Nov/2026:10:00:00 +0200"] * 2, "ok", "(+02:00)"),
    ],
)
def test_zones_are_told_apart(times: list[Any], state: str, told: str) -> None:
    finding = one("zone", [{"@timestamp": time, "a": n} for n, time in enumerate(times)])
    assert (finding.state, told in finding.message) == (state, True), finding


def test_sysmons_own_time_is_utc_without_saying_so() -> None:
    events = [{"@timestamp": at(0)}, {"UtcTime": "2026-11-22 10:00:00.123", "@timestamp": at(0)}]
    assert one("zone", events).state == "ok"


def test_a_missing_host_is_told() -> None:
    events = good()
    del events[0]["Computer"]
    finding = one("host", events)
    assert (finding.state, finding.numbers["missing"]) == ("warn", 1)


def test_a_missing_level_is_only_a_note() -> None:
    events = good()
    del events[0]["log"]
    assert one("level", events).state == "note"


LINES = [
    f"Jun 14 15:16:{n:02} combo sshd[{n}]: session {n} opened for 10.0.0.{n}" for n in range(60)
]


def test_plain_lines_are_free_text_without_a_year_and_their_template_is_found() -> None:
    found = seen({"message": line} for line in LINES)
    (text_,), (time,), (host,) = found["free-text"], found["time"], found["host"]
    assert text_.state == "fail"
    assert text_.numbers == {"texts": 60, "of": 60, "templates": 1, "single": 0}
    assert time.state == "fail"
    assert "60 events (100 %) name no year" in time.message
    assert host.state == "ok"


@pytest.mark.parametrize(
    ("line", "zone"),
    [
        ("[Sun Dec 04 04:47:44 2005] [notice] ok", "none"),
        ("081109 203615 148 INFO dfs.DataNode: x", "none"),
        ("17/06/09 20:10:40 INFO x", "none"),
        ("2015-07-29 17:41:44,747 - INFO x", "none"),
        ("2015-07-29T17:41:44.747+02:00 x", "+02:00"),
        ("- 1117838570 2005.06.03 R02 x", "epoch"),
        ('10.0.0.1 - - [22/Nov/2026:10:00:00 +0200] "GET / HTTP/1.1" 200 1', "+02:00"),
        ("<34>Oct 11 22:14:15 mymachine su: x", "yearless"),
    ],
)
def test_the_time_at_the_head_of_a_line_is_read(line: str, zone: str) -> None:
    finding = one("zone", [{"message": line}])
    assert set(finding.numbers or {zone: 1}) == {zone}, finding
    assert finding.numbers or f"({zone})" in finding.message


def test_texts_that_fit_no_template_are_counted() -> None:
    chance = random.Random(7)
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]
    lines = [{"message": " ".join(chance.choices(words, k=12))} for _ in range(200)]
    finding = one("free-text", lines)
    assert finding.numbers["single"] > 190


def test_a_field_that_is_text_here_and_an_object_there_is_told() -> None:
    events = [*good(), {**good()[0], "Image": {"path": "x"}}, {**good()[0], "EventID": "1"}]
    finding = one("types", events)
    assert finding.state == "warn"
    assert finding.numbers["varying"] == 2
    assert set(finding.examples) == {"Image: text 51, object 1", "EventID: number 51, text 1"}


def test_null_and_whole_numbers_beside_broken_ones_are_no_second_type() -> None:
    assert one("types", [{"a": 1}, {"a": 1.5}, {"a": None}]).state == "ok"


def test_lost_and_mistaken_characters_are_told() -> None:
    events = good()
    events[0]["User"] = "J\ufffdrg"
    events[1]["User"] = "JÃ¶rg"
    events[2]["User"] = "Jörg â“ 10 Â½"[:4]
    found = seen(events)["encoding"]
    assert found[0].numbers["lost"] == 1
    assert found[0].numbers["mistaken"] == 1
    events = good()
    events[0]["User"] = "Jörg, naïve, façade, 中文, Ångström"
    assert one("encoding", events).state == "ok"
    events[0]["User"] = "a\x00b"
    assert one("encoding", events).state == "note"


def test_equal_events_are_counted() -> None:
    finding = one("duplicates", [*good(), *good(10)])
    assert finding.state == "warn"
    assert finding.numbers == {"again": 10, "of": 60}


def test_volume_and_silence_are_told_with_when() -> None:
    events = [{"@timestamp": at(n)} for n in range(60)]
    events += [{"@timestamp": at(n)} for n in range(300, 360)]
    volume, silence = seen(events)["volume"]
    assert volume.numbers == {"events": 120, "seconds": 360 * 60, "most": 1}
    assert "20 an hour" in volume.message
    assert silence.state == "warn"
    assert silence.numbers["silences"] == 1
    assert silence.examples == ("from 2026-11-22 13:00 for 4h",)


def test_events_that_come_seldom_but_steadily_are_no_silence() -> None:
    events = [{"@timestamp": at(n * 45)} for n in range(40)]
    assert [f.state for f in seen(events)["volume"]] == ["ok", "ok"]


def test_years_of_events_take_no_more_memory_than_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BUCKETS", 64)
    observer = flow.Volume(Given([], NOW))
    for n in range(5000):
        observer.see(normalise(Record({"@timestamp": at(-n * 60)}, "x")))
        assert len(observer.counts) <= 64
    assert next(observer.findings()).numbers["events"] == 5000


def test_bounds_are_told_when_they_bite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "FIELDS", 10)
    monkeypatch.setattr(shape, "HASHES", 10)
    monkeypatch.setattr(text, "TEMPLATES", 10)
    names = [chr(97 + n) * 3 for n in range(20)]
    found = seen({"message": f"a {name} b {name} c"} for name in names)
    assert "of over 10 templates" in found["free-text"][0].message
    assert "(compared with the first 10)" in found["duplicates"][0].message
    found = seen({name: 1} for name in names)
    assert "over 10 fields" in found["types"][0].message


def test_events_that_no_rule_is_for_are_told_by_kind(rules: list[Rule]) -> None:
    other = [{**event, "EventID": 22} for event in good(30)]
    finding = one("coverage", [*good(), *other], rules)
    assert finding.state == "note"
    assert finding.numbers == {"covered": 50, "of": 80, "rules": 1}
    assert finding.examples == ("Microsoft-Windows-Sysmon/Operational 22: 30",)
    assert one("coverage", other, rules).state == "fail"


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 5, "0 %"), (5, 5, "100 %"), (1, 10_000, "under 0.1 %"), (9_999, 10_000, "99.9 %")],
)
def test_a_share_is_never_rounded_to_none_or_all(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said


def test_the_page_lists_every_check_with_what_it_asks() -> None:
    listed = vedette("logs", "check", "--list").out.strip()
    assert len(listed.splitlines()) == len(every()) + 2
    assert listed in page("docs/operations.md").text
    assert STATES == ("ok", "note", "warn", "fail")


def test_hostile_events_break_no_observer(rules: list[Rule], tmp_path: Path) -> None:
    strange: list[dict[str, Any]] = [
        {},
        {"message": None},
        {"message": "\x1b[31m" * 100},
        {"@timestamp": "9" * 60},
        {"@timestamp": {"a": 1}},
        {"a" * 10_000: {"b": [{"c": 1}, 2, None]}},
        {"a": float("inf"), "b": 2**80, "c": "\ud800"},
        {"message": "1" + "9" * 9 + " "},
        {"message": "[Sun Dec 44 04:47:44 2005]"},
    ]
    found = seen(strange * 2, rules)
    assert {"time", "host", "types", "encoding", "duplicates", "coverage"} <= set(found)
