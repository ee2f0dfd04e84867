"""A folder to stand in, with rules and events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vedette.cli.command import DEFENDER, WHOAMI, ndjson, process


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: `rules/` with two rules, `events.ndjson` with five events."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "whoami.yml").write_text(WHOAMI)
    (tmp_path / "rules" / "defender.yml").write_text(DEFENDER)
    off = "powershell Set-MpPreference -DisableRealtimeMonitoring $true"
    events = [
        process(r"C:\Windows\System32\whoami.exe"),
        process(r"C:\Windows\System32\whoami.exe"),
        process(r"C:\Windows\explorer.exe", "2026-11-23T02:31:00Z"),
        process(r"C:\ps.exe", "2026-11-23T02:32:00Z", CommandLine=off, Computer="WS02"),
        process(r"C:\Windows\System32\whoami.exe", None),
    ]
    (tmp_path / "events.ndjson").write_bytes(ndjson(events))
    return tmp_path
