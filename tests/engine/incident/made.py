"""Alert documents and findings for the tests of incidents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engine.incident.finding import Finding, finding_of
from engine.moment import iso

START = datetime(2026, 11, 23, 9, tzinfo=UTC)

ACCESS = (
    "TA0006", "Credential Access", "T1003", "OS Credential Dumping", "T1003.001", "LSASS Memory",
)  # fmt: skip
DISCOVERY = ("TA0007", "Discovery", "T1087", "Account Discovery", "", "")
RUNNING = (
    "TA0002", "Execution", "T1059", "Command and Scripting Interpreter", "T1059.001", "PowerShell",
)  # fmt: skip


def document(
    identity: str,
    minute: float = 0,
    *,
    host: str = "WS02.corp.example.com",
    user: str = "",
    address: str = "",
    rule: str = "",
    level: str = "high",
    risk: float = 73.0,
    status: str = "test",
    steps: tuple[tuple[str, ...], ...] = (ACCESS,),
    kind: str = "sigma",
) -> dict[str, Any]:
    """An alert as `engine.alert` makes it, so many minutes after `START`."""
    when = iso(START + timedelta(minutes=minute))
    made: dict[str, Any] = {
        "event": {"risk_score": risk, "start": when, "end": when},
        "rule": {"uuid": rule or f"rule-{identity}", "name": rule or f"Rule {identity}"},
        "threat": [_entry(step) for step in steps],
        "vedette": {
            "alert": {"id": identity, "kind": kind, "level": level, "rule_status": status,
                      "tags": [], "original_time": when}
        },
    }  # fmt: skip
    if host:
        made["host"] = {"name": host}
    if user:
        made["user"] = {"name": user}
    if address:
        made["source"] = {"ip": address}
    return made


def finding(identity: str, minute: float = 0, **told: Any) -> Finding:
    """The same as a finding."""
    found = finding_of(document(identity, minute, **told))
    assert found is not None
    return found


def _entry(step: tuple[str, ...]) -> dict[str, Any]:
    tactic, tactic_name, technique, name, below, below_name = step
    listed: dict[str, Any] = {"id": [technique], "name": [name]}
    if below:
        listed["subtechnique"] = {"id": [below], "name": [below_name]}
    return {"tactic": {"id": [tactic], "name": [tactic_name]}, "technique": listed}
