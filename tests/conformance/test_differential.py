"""A difference counts as explained only when the engines agree about the event told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.load import load_rules
from engine.rule import Rule
from tests.conformance import differential
from tests.conformance.differential import Case, Differential
from tests.conformance.rsigma import Pair, Program

RULE = """\
title: A process
id: 6b1d7d3c-0000-4000-8000-000000000001
status: test
level: low
logsource: {product: windows, category: process_creation}
detection: {s: {Image|endswith: a.exe}, condition: s}
"""
AUDITED = {"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\a.exe", "number": 0}


class Peer(Program):
    """An rsigma that finds its rule in the events that a test says."""

    def __init__(self, finds: Callable[[Mapping[str, Any]], bool]) -> None:
        super().__init__("rsigma", "0", Path())
        object.__setattr__(self, "finds", finds)

    def matches(self, events: Iterable[Mapping[str, Any]], folder: Path) -> set[Pair]:
        finds: Callable[[Mapping[str, Any]], bool] = self.__dict__["finds"]
        return {("6b1d7d3c-0000-4000-8000-000000000001", e["number"]) for e in events if finds(e)}


@pytest.fixture
def rule(tmp_path: Path) -> Rule:
    (tmp_path / "rule.yml").write_text(RULE)
    return load_rules([tmp_path]).rules[0]


def explained(case: Case, peer: Peer, folder: Path) -> Differential:
    result = Differential()
    differential._explain([case], peer, folder, result)
    return result


def test_an_audit_event_is_explained_when_sysmons_names_make_the_peer_find_it(
    rule: Rule, tmp_path: Path
) -> None:
    case = Case(rule, {**AUDITED, "service": "security"}, "windows-audit")
    result = explained(case, Peer(lambda event: event.get("Image") == "C:\\a.exe"), tmp_path)
    assert not result.unexplained
    (cause,) = result.caused
    assert "audit" in cause.name


def test_a_cause_that_fits_but_changes_nothing_explains_nothing(rule: Rule, tmp_path: Path) -> None:
    case = Case(rule, {**AUDITED, "service": "security"}, "windows-audit")
    result = explained(case, Peer(lambda event: False), tmp_path)
    assert result.unexplained == [case]
    assert "no cause: A process" in "\n".join(differential.report(result, "0"))


def test_a_match_of_the_peer_alone_is_explained_by_a_tag_that_was_missing(
    rule: Rule, tmp_path: Path
) -> None:
    case = Case(rule, {"Image": "a.exe", "product": "windows", "number": 0}, None)
    asked = Peer(lambda event: event.get("category") in (None, "process_creation"))
    assert not explained(case, asked, tmp_path).unexplained
    assert explained(case, Peer(lambda event: True), tmp_path).unexplained == [case]
