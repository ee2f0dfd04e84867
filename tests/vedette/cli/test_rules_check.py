"""`vedette rules check`: what it prints in each form, and how it ends."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.vedette.cli.command import BROKEN, vedette

GOOD = """\
title: Whoami Was Run by a Service
id: 5b1f5a4e-4b0e-4d35-9a53-0c8f5e2f7f10
status: test
description: Somebody asks the system who they are, which its services have no reason to.
references: [https://example.org/whoami]
author: A. Author
date: 2026-01-02
tags: [attack.discovery, attack.t1033]
logsource: {category: process_creation, product: windows}
detection:
  selection: {Image|endswith: '\\whoami.exe'}
  condition: selection
falsepositives: [Administrators]
level: high
vedette:
  tests:
    - {name: run, match: true, event: {EventID: 1}}
    - {name: another, match: false, event: {EventID: 1}}
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a good rule and one that has a warning and a piece of advice."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my rules"
    folder.mkdir()
    (folder / "whoami_by_service.yml").write_text(GOOD)
    other = GOOD.replace("5b1f5a4e", "6b1f5a4e").replace("Whoami Was", "Whoami was again")
    other = other.replace("attack.t1033]", "attack.t1033, attack.discovery]")
    (folder / "whoami_again.yml").write_text(other)
    return folder


def test_a_finding_is_a_line_with_its_place_its_gravity_and_its_check(rules: Path) -> None:
    answer = vedette("rules", "check", "my rules")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "my rules/whoami_again.yml:1: info: the title has 'was' in lower case [title-case]",
        "my rules/whoami_again.yml:8: warning: the tag 'attack.discovery' stands twice "
        "[duplicate-tag]",
        "",
        "2 rules in 2 files, 0 errors, 1 warnings, 1 info",
    ]


@pytest.mark.parametrize(("gravity", "code"), [("error", 0), ("warning", 1), ("info", 1)])
def test_it_ends_with_1_from_the_gravity_that_was_asked_for(
    rules: Path, gravity: str, code: int
) -> None:
    assert vedette("rules", "check", "my rules", "--fail-on", gravity).code == code


def test_a_rule_that_cannot_be_loaded_ends_it_with_1_and_is_told_once(rules: Path) -> None:
    (rules / "broken_rule.yml").write_text(BROKEN)
    answer = vedette("rules", "check", "my rules", "--show", "error")
    assert answer.code == 1
    assert [line for line in answer.out.splitlines() if ": error: " in line] == [
        "my rules/broken_rule.yml:5: error: Image|endswit: no modifier is called 'endswit'; "
        "did you mean 'endswith'? [unknown-modifier]"
    ]


def test_checks_can_be_left_out_by_name(rules: Path) -> None:
    answer = vedette("rules", "check", "my rules", "--ignore", "duplicate-tag", "--ignore",
                     "title-case")  # fmt: skip
    assert answer.out == "2 rules in 2 files, 0 errors, 0 warnings, 0 info\n"
    answer = vedette("rules", "check", "my rules", "--ignore", "dublicate-tag")
    assert answer.code == 3
    assert "did you mean 'duplicate-tag'?" in answer.err


def test_many_findings_end_in_a_table_of_the_checks(rules: Path) -> None:
    for number in range(13):
        text = GOOD.replace("5b1f5a4e-4b0e", f"5b1f5a4e-{number:04d}")
        (rules / f"number_{number}.yml").write_text(text.replace("Service", f"Service {number}."))
    lines = vedette("rules", "check", "my rules", "--show", "warning").out.splitlines()
    assert "     13  warning  title-full-stop" in lines


def test_json_has_a_finding_a_line(rules: Path) -> None:
    answer = vedette("rules", "check", "my rules", "-o", "json", "--show", "warning")
    assert answer.alerts == [
        {
            "check": "duplicate-tag",
            "severity": "warning",
            "message": "the tag 'attack.discovery' stands twice",
            "file": "my rules/whoami_again.yml",
            "line": 8,
            "rule": "Whoami was again Run by a Service",
        }
    ]


def test_sarif_has_what_the_format_demands(rules: Path) -> None:
    log = json.loads(vedette("rules", "check", "my rules", "-o", "sarif").out)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids) >= 40
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    assert [result["ruleId"] for result in run["results"]] == ["title-case", "duplicate-tag"]
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "my%20rules/whoami_again.yml"
        assert place["region"]["startLine"] >= 1
        assert re.fullmatch("[0-9a-f]{32}", result["partialFingerprints"]["findingHash/v1"])


def test_a_sarif_fingerprint_outlives_a_line_above(rules: Path) -> None:
    def prints() -> list[str]:
        log = json.loads(vedette("rules", "check", "my rules", "-o", "sarif").out)
        return [
            result["partialFingerprints"]["findingHash/v1"] for result in log["runs"][0]["results"]
        ]

    before = prints()
    file = rules / "whoami_again.yml"
    file.write_text("# a comment\n" + file.read_text())
    assert prints() == before
    assert len(set(before)) == len(before)


def test_sarif_tells_of_files_elsewhere_by_a_whole_address(
    rules: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    log = json.loads(vedette("rules", "check", rules, "-o", "sarif").out)
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == (rules / "whoami_again.yml").resolve().as_uri()


@pytest.mark.parametrize("form", ["table", "json", "sarif", "junit"])
def test_a_file_name_that_is_no_text_is_told_all_the_same(rules: Path, form: str) -> None:
    (rules / "whoami_\udcff.yml").write_text(GOOD.replace("5b1f5a4e", "8b1f5a4e"))
    answer = vedette("rules", "check", "my rules", "-o", form, "--fail-on", "info")
    assert answer.code == 1
    assert {"table": "\\udcff", "json": "\\udcff", "sarif": "%FF", "junit": "\\udcff"}[
        form
    ] in answer.out


def test_junit_has_a_case_for_every_file_and_fails_as_asked(rules: Path) -> None:
    def suite(*options: str) -> tuple[Any, list[str]]:
        out = vedette("rules", "check", "my rules", "-o", "junit", *options).out
        root = ET.fromstring(out)
        assert root.tag == "testsuites"
        (found,) = root.findall("testsuite")
        assert int(found.attrib["tests"]) == len(found.findall("testcase"))
        failures = found.findall("testcase/failure")
        assert int(found.attrib["failures"]) == len(failures)
        return found, [failure.attrib["message"] for failure in failures]

    found, failures = suite()
    assert failures == []
    assert {case.attrib["classname"] for case in found.findall("testcase")} == {
        "my rules/whoami_again.yml",
        "my rules/whoami_by_service.yml",
    }
    _, failures = suite("--fail-on", "warning")
    assert failures == ["the tag 'attack.discovery' stands twice"]


HOSTILE = GOOD.replace(
    "attack.t1033]", 'attack.t1033, "\\e[31m\\u202e<&\\0\\"]]>", "\\e[31m\\u202e<&\\0\\"]]>"]'
)


@pytest.mark.parametrize("form", ["table", "json", "sarif", "junit"])
def test_text_of_a_rule_is_shown_and_never_obeyed(rules: Path, form: str) -> None:
    (rules / "hostile_rule.yml").write_text(HOSTILE)
    answer = vedette("rules", "check", "my rules", "-o", form)
    assert not set("\x1b\u202e\0") & set(answer.out)
    assert "31m" in answer.out
    if form == "junit":
        ET.fromstring(answer.out)
    if form == "sarif":
        json.loads(answer.out)


@pytest.mark.parametrize(
    "options",
    [["--output", "xml"], ["--fail-on", "fatal"], ["--show", "everything"], ["absent"]],
)
def test_what_makes_no_sense_ends_with_3(rules: Path, options: list[str]) -> None:
    assert vedette("rules", "check", *options).code == 3


def test_own_rules_are_what_is_checked_unless_said_otherwise() -> None:
    answer = vedette("rules", "check", "--fail-on", "warning")
    assert answer.code == 0, answer.out
    assert "0 errors, 0 warnings" in answer.out
