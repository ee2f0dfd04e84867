"""`vedette rules explain`: the tree, the ways to a log source, near misses, hostile text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vedette.cli.command import ndjson, process, vedette

RULE = """\
title: Copies Deleted
id: 44444444-4444-4444-8444-444444444444
level: high
logsource: {category: process_creation, product: windows}
detection:
  selection_tool:
    - Image|endswith: '\\vssadmin.exe'
    - OriginalFileName: VSSADMIN.EXE
  selection_words:
    CommandLine|contains|all: [delete, shadows]
  filter_agent:
    ParentImage|startswith: 'C:\\Program Files\\Backup\\'
  condition: all of selection_* and not 1 of filter_*
"""


@pytest.fixture
def rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "copies.yml"
    file.write_text(RULE)
    return file


def asked(event: dict[str, Any], *options: str | Path) -> list[str]:
    answer = vedette("rules", "explain", "copies.yml", json.dumps(event), *options)
    assert answer.code == 0, answer.err
    return answer.out.splitlines()


def test_the_tree_has_every_part_by_its_name_with_its_answer_and_values(rule: Path) -> None:
    event = process(r"C:\vssadmin.exe", CommandLine="vssadmin delete shadows")
    assert asked(event) == [
        "Copies Deleted  (copies.yml)",
        "✓ matches",
        "",
        "log source product:windows/category:process_creation",
        "  ✓ the event is of it, by the way 'sysmon'",
        "",
        "condition",
        "  ✓ all of",
        "  ├─ ✓ all of",
        "  │  ├─ ✓ selection_tool: any of",
        r"  │  │  ├─ ✓ Image ends with '\vssadmin.exe'  (has 'C:\vssadmin.exe')",
        "  │  │  └─ ✗ OriginalFileName = 'vssadmin.exe'  (the event has no OriginalFileName)",
        "  │  └─ ✓ selection_words: all of",
        "  │     ├─ ✓ CommandLine contains 'delete'  (has 'vssadmin delete shadows')",
        "  │     └─ ✓ CommandLine contains 'shadows'  (has 'vssadmin delete shadows')",
        "  └─ ✓ not",
        r"     └─ ✗ filter_agent: ParentImage starts with 'c:\program files\backup\'"
        "  (the event has no ParentImage)",
    ]


def test_a_near_miss_ends_in_what_stands_in_the_way(rule: Path) -> None:
    lines = asked(process(r"C:\vssadmin.exe", CommandLine="vssadmin delete shadow"))
    assert lines[1] == "✗ does not match"
    assert lines[-2:] == [
        "1 test away from holding:",
        "  CommandLine contains 'shadows' should hold  (has 'vssadmin delete shadow')",
    ]


def test_a_filter_that_lets_the_event_through_is_what_stands_in_the_way(rule: Path) -> None:
    parent = r"C:\Program Files\Backup\agent.exe"
    event = process(r"C:\vssadmin.exe", CommandLine="delete shadows", ParentImage=parent)
    assert asked(event)[-1] == (
        r"  ParentImage starts with 'c:\program files\backup\' should not hold  "
        rf"(has '{parent}')"
    )


def test_a_field_that_is_nearly_there_is_named(rule: Path) -> None:
    lines = asked(process(r"C:\vssadmin.exe", commandline="vssadmin delete shadows"))
    assert "(the event has no CommandLine, but commandline)" in lines[-1]


def test_another_log_source_is_told_with_what_each_way_asks_and_the_event_has(rule: Path) -> None:
    lines = asked({"Channel": "Security", "EventID": 4624})
    assert lines[3:6] == [
        "log source product:windows/category:process_creation",
        "  ✗ the event is not of it",
        "  by the way 'sysmon' it would need",
    ]
    assert "    ├─ ✓ Channel = 'security'  (has 'Security')" in lines
    assert "    └─ ✗ EventID = 4688  (has '4624')" in lines
    assert "condition, asked nevertheless" in lines


def test_the_way_that_renames_fields_is_explained_with_the_names_of_the_event(rule: Path) -> None:
    event = {"Channel": "Security", "EventID": 4688, "NewProcessName": r"C:\vssadmin.exe"}
    lines = asked(event)
    assert "  ✓ the event is of it, by the way 'windows-audit'" in lines
    assert any("selection_tool" in line for line in lines)
    assert any(r"✓ NewProcessName ends with '\vssadmin.exe'" in line for line in lines)


def test_long_lists_are_cut_unless_all_is_wanted(rule: Path) -> None:
    rule.write_text(RULE.replace("[delete, shadows]", str([f"word{n}" for n in range(20)])))
    lines = asked(process("x", CommandLine="word3 y"))
    assert sum("CommandLine contains" in line for line in lines[:-4]) < 15
    assert any("more tests of CommandLine that do not hold" in line for line in lines)
    full = asked(process("x", CommandLine="word3 y"), "--full")
    assert sum("CommandLine contains" in line for line in full) >= 20


def test_json_has_all_ways_with_their_trees(rule: Path) -> None:
    (line,) = asked(process(r"C:\vssadmin.exe", CommandLine="vssadmin delete"), "-o", "json")
    found = json.loads(line)
    assert found["matches"] is False
    assert found["rule"]["title"] == "Copies Deleted"
    assert found["shown"] == "sysmon"
    assert {way["name"]: way["reached"] for way in found["ways"]}["sysmon"] is True
    way = next(way for way in found["ways"] if way["name"] == "sysmon")
    assert way["missing"] == [
        {
            "kind": "test",
            "holds": False,
            "field": "CommandLine",
            "test": "contains 'shadows'",
            "values": ["vssadmin delete"],
        }
    ]
    tool = way["condition"]["parts"][0]["parts"][0]
    assert (tool["kind"], tool["holds"], tool["search"]) == ("any", True, "selection_tool")


def test_keywords_show_the_values_they_are_found_in(rule: Path) -> None:
    rule.write_text(
        "title: Words\nlogsource: {product: linux}\n"
        "detection: {keywords: [wget, nosuch], condition: keywords}\n"
    )
    event = {"host": {"os": {"type": "linux"}}, "message": "sh -c wget x", "other": "y"}
    lines = asked(event)
    assert "  ├─ ✓ any value contains 'wget'  (has 'sh -c wget x')" in lines
    assert "  └─ ✗ any value contains 'nosuch'" in lines


def test_the_event_comes_from_a_file_by_its_number_or_from_standard_input(rule: Path) -> None:
    events = [process("a"), process(r"C:\vssadmin.exe", CommandLine="delete shadows")]
    Path("events.ndjson").write_bytes(ndjson(events))
    first = vedette("rules", "explain", "copies.yml", "events.ndjson")
    second = vedette("rules", "explain", "copies.yml", "events.ndjson", "--line", "2")
    assert ("✗ does not match" in first.out, "✓ matches" in second.out) == (True, True)
    third = vedette("rules", "explain", "copies.yml", "-", "-n", "2", stdin=ndjson(events))
    assert third.out == second.out
    beyond = vedette("rules", "explain", "copies.yml", "events.ndjson", "-n", "3")
    assert beyond.code == 3
    assert "has 2 events" in beyond.err


def test_the_rule_may_be_named_by_id_or_title(rule: Path) -> None:
    for name in ("copies deleted", "44444444-4444-4444-8444-444444444444"):
        answer = vedette("rules", "explain", name, "{}", "-r", ".")
        assert answer.out.startswith("Copies Deleted"), answer.err
    answer = vedette("rules", "explain", "copys deleted", "{}", "-r", ".")
    assert answer.code == 3
    assert "did you mean 'Copies Deleted'?" in answer.err


def test_a_label_may_say_what_the_event_is(rule: Path) -> None:
    event = {"Image": r"C:\vssadmin.exe", "CommandLine": "delete shadows"}
    lines = asked(event, "--logsource", "product=windows,category=process_creation")
    assert "  ✓ the event is of it, by the way 'labels'" in lines


def test_a_rule_that_cannot_be_loaded_ends_with_2(rule: Path) -> None:
    rule.write_text(RULE.replace("endswith", "endswit"))
    answer = vedette("rules", "explain", "copies.yml", "{}")
    assert answer.code == 2
    assert "rule refused: copies.yml:7" in answer.err


@pytest.mark.parametrize(
    "words",
    [("copies.yml", "{no json"), ("copies.yml", "absent.json"), ("absent.yml", "{}"),
     ("copies.yml", "{}", "-o", "xml"), ("copies.yml", "{}", "-n", "0"),
     ("copies.yml", '{"a":' * 5000)],
)  # fmt: skip
def test_what_makes_no_sense_ends_with_3(rule: Path, words: tuple[str, ...]) -> None:
    answer = vedette("rules", "explain", *words)
    assert answer.code == 3, answer.err
    assert "fault" not in answer.err


@pytest.mark.parametrize("form", ["table", "json"])
def test_text_of_events_and_rules_is_shown_and_never_obeyed(rule: Path, form: str) -> None:
    evil = "\x1b[31m\u202egpj.exe\r\n[red]"
    rule.write_text(RULE.replace("Copies Deleted", '"Copies \\e[5mDeleted"'))
    answer = vedette("rules", "explain", "copies.yml",
                     json.dumps(process(evil, CommandLine=evil * 100)), "-o", form)  # fmt: skip
    assert not set("\x1b\u202e\r") & set(answer.out)
    assert "31m" in answer.out
    assert len(answer.out) < 20_000


def test_an_expression_that_runs_out_of_time_is_no_answer(rule: Path) -> None:
    rule.write_text(
        "title: Slow\nlogsource: {product: linux}\n"
        "detection: {a: {m|re: '(?=x)(x|xx)+$'}, condition: not a}\n"
    )
    lines = asked({"host": {"os": {"type": "linux"}}, "m": "x" * 3000 + "y"})
    assert "  ? not" in lines
    assert any("no answer within the time limit" in line for line in lines)
    assert "✗ does not match" in lines
