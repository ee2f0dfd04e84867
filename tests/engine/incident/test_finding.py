"""What grouping reads of an alert."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.incident.entity import Entity, host_name, telling_address, user_name
from engine.incident.finding import finding_of
from tests.engine.incident.made import ACCESS, DISCOVERY, START, document, finding

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["vedette", "alert", "id", "event", "start", "threat", "technique", "host",
                         "name", "risk_score", "tactic", "subtechnique", "rule", "uuid"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def test_an_alert_is_read_with_its_entities_and_techniques() -> None:
    found = finding("a", user="CORP\\b.keller", address="10.0.0.7", steps=(ACCESS, DISCOVERY))
    assert found.entities == (
        Entity("host", "ws02"), Entity("user", "b.keller"), Entity("address", "10.0.0.7")
    )  # fmt: skip
    assert [step.id for step in found.steps] == ["T1003.001", "T1087"]
    assert found.tactics == {"TA0006": "Credential Access", "TA0007": "Discovery"}
    assert found.weight == pytest.approx(0.73 * 0.75)


def test_a_parent_that_only_holds_its_sub_technique_is_none_unless_it_was_tagged() -> None:
    made = document("a")
    made["vedette"]["alert"]["tags"] = ["attack.t1003", "attack.t1003.001"]
    found = finding_of(made)
    assert found is not None
    assert [step.id for step in found.steps] == ["T1003", "T1003.001"]


def test_techniques_that_an_anomaly_has_from_rules_are_not_said_twice() -> None:
    made = document("a", kind="anomaly")
    made["vedette"]["alert"]["attack"] = {"source": "rule"}
    borrowed = finding_of(made)
    made["vedette"]["alert"]["attack"] = {"source": "mapper"}
    own = finding_of(made)
    assert borrowed is not None
    assert own is not None
    assert (borrowed.steps, borrowed.tactics) == ((), {"TA0006": "Credential Access"})
    assert [step.id for step in own.steps] == ["T1003.001"]


def test_a_stated_confidence_wins_over_the_status() -> None:
    made = document("a")
    made["vedette"]["alert"]["confidence"] = 0.2
    found = finding_of(made)
    assert found is not None
    assert found.confidence == 0.2


def test_an_alert_that_no_story_can_hold_is_passed_over() -> None:
    assert finding_of(document("a", kind="capped")) is None
    assert finding_of(document("")) is None
    undated = document("a")
    undated["event"] = {"start": []}
    undated["vedette"]["alert"]["original_time"] = None
    assert finding_of(undated) is None
    undated["event"]["created"] = "2026-11-23T09:00:00Z"
    found = finding_of(undated)
    assert found is not None
    assert found.start == START


@pytest.mark.parametrize(
    "name", ["SYSTEM", "NT AUTHORITY\\SYSTEM", "WS02$", "DWM-3", "LOCAL SERVICE", "-$", "root"]
)
def test_accounts_of_machines_are_no_users(name: str) -> None:
    assert user_name(name) == ""


def test_names_are_folded_to_one_form() -> None:
    assert user_name("CORP\\B.Keller") == user_name("b.keller@corp.example.com") == "b.keller"
    assert host_name("WS02.corp.example.com") == host_name("ws02") == "ws02"
    assert host_name("10.0.0.7") == "10.0.0.7"


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "fe80::1", "224.0.0.1", "0.0.0.0", "x", ""])
def test_an_address_of_everybody_names_nobody(text: str) -> None:
    assert telling_address(text) == ""


@given(VALUES)
def test_no_value_of_json_raises(value: Any) -> None:
    finding_of(value)
    finding_of({"vedette": {"alert": {"id": "a"}}, "event": {"start": 1e12, "risk_score": value},
                "threat": value, "host": {"name": value}})  # fmt: skip
