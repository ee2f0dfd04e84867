"""`vedette doctor` on real servers: well on a good index, and right about a spoiled one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.load import load_rules
from tests.live.fixtures import Cluster
from tests.live.helpers import put
from tests.vedette.cli.command import DEFENDER, WHOAMI
from vedette.doctor.finding import Finding
from vedette.doctor.patient import Patient
from vedette.doctor.registry import examine
from vedette.settings import Settings

pytestmark = pytest.mark.live


def examined(cluster: Cluster, folder: Path, pattern: str) -> dict[str, list[Finding]]:
    """Findings by check."""
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "who.yml").write_text(WHOAMI)
    (rules / "off.yml").write_text(DEFENDER)
    given = {
        "namespace": cluster.namespace,
        "cluster": {"hosts": [cluster.url], "kind": cluster.kind},
        "sources": [{"type": "search", "name": "logs", "index": pattern}],
    }
    settings = Settings.model_validate(given, context={"environ": {}})
    patient = Patient(settings)
    patient.__dict__["rules"] = {plan.name: load_rules([rules]) for plan in settings.plan}
    found: dict[str, list[Finding]] = {}
    for finding in examine(patient):
        found.setdefault(finding.check, []).append(finding)
    patient.close()
    return found


def process(command: str, age: timedelta = timedelta(seconds=20), **more: Any) -> dict[str, Any]:
    return {
        "@timestamp": (datetime.now(UTC) - age).isoformat(),
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "Image": r"C:\Windows\System32\whoami.exe",
        "CommandLine": command,
        **more,
    }


def test_a_good_index_is_well_and_nothing_is_written(cluster: Cluster, tmp_path: Path) -> None:
    put(
        cluster.client, f"{cluster.prefix}-a", {"1": process("whoami"), "2": process("whoami /all")}
    )
    found = examined(cluster, tmp_path, f"{cluster.prefix}-*")
    states = {name: {each.state for each in findings} for name, findings in found.items()}
    assert states.pop("setup") == {"warn"}  # nobody has set anything up
    # the tests' own nodes have no security: Elasticsearch says so, OpenSearch is read from
    assert states.pop("privileges") == {"skipped" if cluster.kind == "elasticsearch" else "ok"}
    assert states.pop("disk") <= {"ok", "warn", "fail"}  # the machine's own disk
    assert set.union(*states.values()) == {"ok"}, states
    assert "2 events, all with @timestamp" in found["events"][0].message
    assert not cluster.client.exists(f"vedette-state-{cluster.namespace}")


def test_a_spoiled_index_has_each_of_its_faults_named(cluster: Cluster, tmp_path: Path) -> None:
    bad, blind = f"{cluster.prefix}-bad", f"{cluster.prefix}-blind"
    fields = {
        "Image": {"type": "text"},
        "CommandLine": {"type": "keyword", "ignore_above": 100},
        "@timestamp": {"type": "date"},
    }
    cluster.client.create_index(bad, {"mappings": {"properties": fields}})
    cluster.client.create_index(blind, {"mappings": {"_source": {"enabled": False}}})
    old = timedelta(hours=3)
    untimed = {key: value for key, value in process("x").items() if key != "@timestamp"}
    put(cluster.client, bad, {"1": process("x" * 101, old), "2": untimed})
    found = examined(cluster, tmp_path, f"{cluster.prefix}-*")
    told = {name: " | ".join(f.message for f in findings) for name, findings in found.items()}
    assert "1 of 2 events have no @timestamp" in told["events"]
    assert "the newest event is 3h" in told["lag"]
    assert f"switched off in {blind}" in told["source-stored"]
    assert "Image (Image of 1 rules): text without a keyword" in told["mapping"]
    assert "values over 100 characters are left out; one here has 101" in told["mapping"]


def test_a_read_only_index_of_ours_is_a_failure(cluster: Cluster, tmp_path: Path) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {"1": process("whoami")})
    state = f"vedette-state-{cluster.namespace}"
    # Not read_only_allow_delete: where there is room, a server takes it away, twice a minute.
    cluster.client.create_index(state, {"settings": {"index.blocks.write": True}})
    (finding,) = examined(cluster, tmp_path, f"{cluster.prefix}-*")["blocks"]
    assert finding.state == "fail"
    assert finding.message == f"{state} is blocked: write"


def test_an_address_where_nothing_listens_is_one_failure(tmp_path: Path) -> None:
    silent = Cluster("elasticsearch", "http://127.0.0.1:1", None, "x", "x")  # type: ignore[arg-type]
    found = examined(silent, tmp_path, "x-*")
    assert found["reachable"][0].state == "fail"
    assert {f.state for name in ("lag", "mapping") for f in found[name]} == {"skipped"}
