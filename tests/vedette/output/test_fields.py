from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.output import attack, fields
from vedette.output.rows import row
from vedette.output.summary import Summary

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PART = st.sampled_from(
    ["event", "rule", "threat", "host", "user", "vedette", "alert", "id", "name", "technique"]
)
SHAPED = st.recursive(JSON, lambda inner: st.dictionaries(PART, inner, max_size=4), max_leaves=12)


@given(st.dictionaries(PART, SHAPED, max_size=5))
def test_no_shape_of_document_breaks_the_summary_or_a_row(document: dict[str, object]) -> None:
    summary = Summary()
    summary.add(document)
    assert summary.alerts_total == summary.groups[0].count == 1
    assert all(isinstance(value, str) for value in row(document))


def test_a_level_is_taken_from_the_severity_when_missing_or_unknown() -> None:
    assert fields.level({"event": {"severity": 73}}) == "high"
    assert fields.level({"vedette": {"alert": {"level": "<b>"}}}) == "informational"
    assert fields.level({"event": {"severity": float("nan")}}) == "informational"
    assert fields.level({"event": {"severity": float("inf")}}) == "informational"


def test_a_user_is_named_with_the_domain() -> None:
    assert fields.user({"user": {"name": "alice", "domain": "CORP"}}) == "CORP\\alice"
    assert fields.user({"user": {"name": "CORP\\alice", "domain": "CORP"}}) == "CORP\\alice"


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-11-23T02:30:00.000Z", datetime(2026, 11, 23, 2, 30, tzinfo=UTC)),
        ("2026-11-23T03:30:00+01:00", datetime(2026, 11, 23, 2, 30, tzinfo=UTC)),
        ("2026-11-23T02:30:00", datetime(2026, 11, 23, 2, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
        (1795401000, None),
    ],
)
def test_times_are_read_as_utc_or_not_at_all(text: object, when: datetime | None) -> None:
    assert fields.parse_time(text) == when


def test_parallel_arrays_of_techniques_are_paired_with_their_sub_techniques() -> None:
    entry = {
        "tactic": {"id": ["TA0002"], "name": ["Execution"]},
        "technique": {
            "id": ["T1059", "T1204"],
            "name": ["Command and Scripting Interpreter", "User Execution"],
            "subtechnique": {"id": ["T1059.001"], "name": ["PowerShell"]},
        },
    }
    found = [(s.technique_id, s.technique_name) for s in attack.shown({"threat": [entry]})]
    assert found == [
        ("T1204", "User Execution"),
        ("T1059.001", "Command and Scripting Interpreter: PowerShell"),
    ]


def test_only_well_formed_ids_lead_to_attack_mitre_org() -> None:
    assert attack.technique_url("T1059.001") == "https://attack.mitre.org/techniques/T1059/001/"
    for bad in ("T1059.1", "T1059/../x", "javascript:1", "T1059\n", "T\u0661059", ""):
        assert attack.technique_url(bad) is None
    assert attack.tactic_url("TA0002") == "https://attack.mitre.org/tactics/TA0002/"
    assert attack.tactic_url("TA0002?") is None


def test_the_matrix_has_the_tactics_of_its_version_in_order() -> None:
    names = [tactic.name for tactic in attack.matrix(19)]
    assert len(names) == 15
    assert names[6:8] == ["Stealth", "Defense Impairment"]
    assert len(attack.matrix(18)) == 14
    assert attack.matrix(7) == attack.matrix(19)
    assert attack.in_order(["zz", "TA0040", "TA0043"], 19) == ["TA0043", "TA0040", "zz"]
