"""`vedette incidents`, from a run that keeps them to one that is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vedette.cli.command import DEFENDER, WHOAMI, ndjson, process, vedette

OFF = "powershell Set-MpPreference -DisableRealtimeMonitoring $true"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of two rules over a folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yml").write_text(WHOAMI, encoding="utf-8")
    (tmp_path / "b.yml").write_text(DEFENDER, encoding="utf-8")
    (tmp_path / "events").mkdir()
    (tmp_path / "vedette.yml").write_text(
        "rules: {paths: [a.yml, b.yml]}\noutput: {sqlite: v.sqlite}\n"
        "sources: [{type: folder, name: in, path: events}]\n",
        encoding="utf-8",
    )
    return tmp_path


def run(place: Path, name: str, minute: int, line: str = "", host: str = "WS01") -> None:
    event = process(
        "C:\\x\\whoami.exe" if not line else "C:\\ps.exe", f"2026-11-23T02:{minute:02}:00Z",
        CommandLine=line or "whoami", Computer=host, User="CORP\\eve", Note=name,
    )  # fmt: skip
    (place / "events" / f"{name}.ndjson").write_bytes(ndjson([event]))
    assert vedette("run", "--until-idle").code == 0


def test_alerts_of_several_runs_are_one_incident_that_is_listed_and_told(place: Path) -> None:
    run(place, "a", 1)
    run(place, "b", 9, OFF)
    run(place, "c", 50, host="SRV9")
    found = [
        json.loads(line) for line in vedette("incidents", "list", "-o", "ndjson").out.splitlines()
    ]
    assert [(each["about"]["host"], each["alerts"]) for each in found] == [
        (["ws01"], 2), (["srv9"], 1)
    ]  # fmt: skip
    table = vedette("incidents", "list", "--limit", "1", "-o", "table").out
    assert found[0]["id"][:12] in table
    assert "and 1 more" in table
    told = vedette("incidents", "show", found[0]["id"][:8]).out
    assert "2 alerts from 2 rules and models on ws01 with eve, within 8 minutes." in told
    assert f"vedette explain {found[0]['parts'][0]['alert']}" in told
    whole = json.loads(vedette("incidents", "show", found[0]["id"], "--json").out)
    assert whole["chain"] == ["Defense Impairment", "Discovery"]


def test_only_what_ended_since_a_time_is_listed(place: Path) -> None:
    run(place, "a", 1)
    since = ("incidents", "list", "-o", "table", "--since")
    assert "No incidents." in vedette(*since, "2026-11-24").out
    assert "ws01" in vedette(*since, "2026-11-23").out


@pytest.mark.parametrize("identity", ["ab", "zzzzzzzz"])
def test_an_id_that_names_none_is_a_usage_error(place: Path, identity: str) -> None:
    answer = vedette("incidents", "show", identity)
    assert answer.code == 3
    assert "an id that begins with" in answer.err


def test_without_a_store_there_are_none_and_none_is_made(place: Path) -> None:
    assert "No incidents." in vedette("incidents", "list", "-o", "table").out
    assert not (place / "v.sqlite").exists()
