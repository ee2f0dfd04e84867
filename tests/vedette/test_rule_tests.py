"""The tests inside rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.load import load_rules
from engine.rule import Rule
from tests.vedette.cli.command import WHOAMI
from vedette.rule_tests import run_tests

HIT = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Image": r"C:\whoami.exe"}
MISS = {**HIT, "Image": "x"}


@pytest.fixture
def rule(tmp_path: Path) -> Rule:
    (tmp_path / "r.yml").write_text(WHOAMI)
    (rule,) = load_rules([tmp_path]).rules
    return rule


def outcome(rule: Rule, block: Any) -> list[tuple[str, str | None]]:
    with_tests = replace(rule, document={**rule.document, "vedette": block})
    return [(result.name, result.failure) for result in run_tests(with_tests)]


def test(name: Any, match: Any, event: Any) -> dict[str, Any]:
    return {"name": name, "match": match, "event": event}


test.__test__ = False  # type: ignore[attr-defined] # makes a test block, is none


def test_both_kinds_pass_in_order(rule: Rule) -> None:
    tests = [test("hit", True, HIT), test(7, False, MISS)]
    assert outcome(rule, {"tests": tests}) == [("hit", None), ("7", None)]


def test_each_wrong_answer_is_told(rule: Rule) -> None:
    tests = [test("a", True, MISS), test("b", False, HIT)]
    assert outcome(rule, {"tests": tests}) == [
        ("a", "did not match, but must"),
        ("b", "matched, but must not"),
    ]


@pytest.mark.parametrize(
    ("tests", "missing"),
    [
        ([test("a", True, HIT)], "has no event that must not"),
        ([test("a", False, MISS)], "has no event that must match"),
    ],
)
def test_one_kind_alone_is_not_enough(rule: Rule, tests: list[Any], missing: str) -> None:
    assert outcome(rule, {"tests": tests}) == [("vedette.tests", missing), ("a", None)]


@pytest.mark.parametrize(
    ("block", "failure"),
    [
        (None, "has no tests"),
        ([], "the vedette block has no list of tests"),
        ({}, "the vedette block has no list of tests"),
        ({"tests": {}}, "the vedette block has no list of tests"),
        ({"tests": []}, "the vedette block has no list of tests"),
        ({"tests": [1]}, "test 1 lacks name, match or event"),
        ({"tests": [test("a", True, HIT), {"name": "b"}]}, "test 2 lacks name, match or event"),
        ({"tests": [{**test("a", True, HIT), "evnt": 1}]}, "test 1 has the unknown key 'evnt'"),
        ({"tests": [test("a", "yes", HIT)]}, "test 1: match is true or false, event is a mapping"),
        ({"tests": [test("a", True, [])]}, "test 1: match is true or false, event is a mapping"),
        (
            {"tests": [test("a", True, {"n": 10**30})]},
            "an event is not JSON: Integer exceeds 64-bit range",
        ),
    ],
)
def test_a_block_that_is_wrong_fails_by_name(rule: Rule, block: Any, failure: str) -> None:
    assert outcome(rule, block) == [("vedette.tests", failure)]


def test_what_yaml_knows_and_json_does_not_is_read_as_a_file_would_give_it(rule: Rule) -> None:
    from datetime import date

    event = {**HIT, 1: 2, None: 3, "day": date(2026, 11, 23), "at": {True: {4}}}
    tests = [test("hit", True, event), test("miss", False, MISS)]
    assert outcome(rule, {"tests": tests}) == [("hit", None), ("miss", None)]
