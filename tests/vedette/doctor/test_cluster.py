"""The checks of the cluster: each is well on a good one, and names what is wrong on a bad one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from engine.errors import SourceError
from engine.rule import RuleSet
from tests.vedette.doctor.body import NOW, denied, found, one, patient, states
from vedette.doctor.registry import examine

ROOM = ("reachable", "version", "privileges", "clock", "disk", "blocks", "setup")


@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
@pytest.mark.parametrize("name", ROOM)
def test_all_is_well_on_a_good_cluster(kind: str, name: str) -> None:
    assert states(found(name, patient(kind))) == {"ok"}


@pytest.mark.parametrize(
    ("name", "said", "state", "told"),
    [
        ("reachable", {"version": SourceError("refused")}, "fail", "refused"),
        ("version", {"version": "8.18.9"}, "fail", "8.18.9 is too old"),
        ("version", {"version": "8.19.3"}, "ok", "faults were played on 8.19.21 too"),
        ("version", {"version": "7.17.0"}, "fail", "7.17.0 is too old"),
        ("version", {"version": "10.0.0"}, "warn", "has not been tested"),
        ("version", {"version": "9.5.0"}, "ok", r"9.5.0 \(tests run 9.4.3\)"),
        ("privileges", {"lacking": ["read on logs-*"]}, "fail", r"lacks read on logs-\*"),
        ("privileges", {"lacking": None}, "skipped", "has no security"),
        ("clock", {"clock": NOW + timedelta(seconds=9)}, "warn", "9.0 s ahead"),
        ("clock", {"clock": NOW - timedelta(hours=1)}, "fail", "3600.0 s behind"),
        ("clock", {"clock": denied()}, "warn", "403"),
        ("disk", {"disks": {"a": (12, 100)}}, "warn", "node a: 88% "),
        ("disk", {"disks": {"a": (4, 100)}}, "fail", "node a: 96% "),
        ("blocks", {"blocks": {"vedette-state-default": ["write"]}}, "fail", "is blocked: write"),
        ("setup", {"exists": False}, "warn", "vedette-state-default"),
    ],
)
def test_what_is_wrong_is_named(name: str, said: dict[str, Any], state: str, told: str) -> None:
    finding = one(name, patient(**said))
    assert finding.state == state
    assert re.search(told, finding.message)
    if state in ("warn", "fail"):
        assert finding.remedy


def test_an_old_opensearch_is_too_old() -> None:
    assert one("version", patient("opensearch", version="3.2.0")).state == "fail"


def test_opensearch_is_asked_by_reading() -> None:
    of = patient("opensearch", read_once=denied("events of 'logs-*'"))
    finding = one("privileges", of)
    assert finding.state == "warn"
    assert "events of 'logs-*'" in finding.message


def test_a_cluster_that_is_away_is_one_failure_and_its_other_checks_are_skipped() -> None:
    of = patient(rules=RuleSet(), version=SourceError("refused"))
    by_check = {finding.check: finding.state for finding in examine(of)}
    assert by_check["reachable"] == "fail"
    assert by_check["rules"] == "ok"
    assert {by_check[name] for name in ("clock", "disk", "lag", "mapping")} == {"skipped"}
