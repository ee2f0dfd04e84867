"""Exceptions that verdicts propose."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml

from engine.feedback.proposal import Judged, literal, proposals
from engine.kinds import LogSource
from engine.normalise import normalise
from engine.ports import Record
from engine.tune.exception import exempt
from engine.yaml_text import documents_in
from tests.engine.feedback.parts import document, verdict

PROCESS = LogSource("windows", None, "process_creation")


def judged(what: str, id: str, **event: str) -> Judged:
    source = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1,
              "ProcessId": id, **event}  # fmt: skip
    alert = document(id, logsource="product:windows/category:process_creation",
                     source_events=[source])  # fmt: skip
    found = Judged.of(verdict(what, alert), alert)
    assert found is not None
    return found


def three(**event: str) -> list[Judged]:
    return [judged("false", f"f{n}", **event) for n in range(3)]


def excepts(proposal: Any, event: dict[str, Any]) -> bool:
    """Whether the proposed YAML, loaded as a user would, holds an event back."""
    text = yaml.safe_dump(proposal.document(date(2026, 11, 20)))
    documents = documents_in(text.encode(), "p.yml")
    found = exempt(documents.items[0], documents)
    source = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, **event}
    return found.excepts(PROCESS, normalise(Record(source, "x"), None))


@pytest.mark.parametrize(
    "line",
    [r"C:\a\b.exe", r"\\server\share\*.txt", "what? ever*", r"ends in \\", "%TEMP%", "a'b\"c: #"],
)
def test_what_is_proposed_holds_back_its_own_alerts_and_no_others(line: str) -> None:
    (found,) = proposals(three(CommandLine=line, User="svc"))
    assert found.pairs == {"CommandLine": line, "User": "svc"}
    assert excepts(found, {"CommandLine": line, "User": "svc"})
    assert not excepts(found, {"CommandLine": line + "x", "User": "svc"})
    assert not excepts(found, {"CommandLine": line, "User": "amy"})


def test_a_proposal_is_whole_with_owner_reason_expiry_and_test() -> None:
    (found,) = proposals(three(Image="a.exe"))
    told = found.document(date(2026, 11, 20))
    assert told["vedette"]["exception"] == {
        "owner": "bo",
        "reason": "3 alerts judged not to be attacks: because",
        "expires": date(2027, 2, 18),
    }
    assert told["filter"]["rules"] == ["r-1"]
    assert told["vedette"]["tests"][0]["match"] is True
    assert found.document(date(2026, 11, 20))["id"] == told["id"]


def test_what_a_true_alert_has_too_is_not_proposed() -> None:
    false = three(Image="a.exe")
    assert list(proposals([*false, judged("true", "t", Image="a.exe", User="eve")])) == []
    assert len(list(proposals([*false, judged("true", "t", Image="b.exe")]))) == 1


def test_two_are_no_habit_and_duplicates_say_nothing() -> None:
    assert list(proposals(three(Image="a.exe")[:2])) == []
    assert list(proposals([judged("duplicate", f"d{n}", Image="a.exe") for n in range(5)])) == []


def test_alerts_that_share_nothing_telling_are_left_alone() -> None:
    assert list(proposals([judged("false", f"f{n}", Image=f"{n}.exe") for n in range(5)])) == []


def test_two_habits_of_one_rule_are_two_exceptions() -> None:
    found = list(proposals([*three(Image="a.exe", User="u"), *three(Image="b.exe", User="u")]))
    assert [each.pairs["Image"] for each in found] == ["b.exe", "a.exe"]


def test_a_literal_has_no_wildcards() -> None:
    assert literal(r"\\a\*?") == r"\\\\a\\\*\?"
