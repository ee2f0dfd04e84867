"""`vedette explain`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vedette.cli.command import WHOAMI, ndjson, process, vedette
from tests.vedette.why.documents import ID, alert


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rule.yml").write_text(WHOAMI, encoding="utf-8")
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "e.ndjson").write_bytes(ndjson([process("C:\\x\\whoami.exe")]))
    (tmp_path / "vedette.yml").write_text(
        "rules: {paths: [rule.yml]}\noutput: {sqlite: v.sqlite}\n"
        "sources: [{type: folder, name: in, path: events}]\n",
        encoding="utf-8",
    )
    return tmp_path


def test_an_alert_of_the_store_is_explained_from_the_beginning_of_its_id(place: Path) -> None:
    assert vedette("run", "--until-idle").code == 0
    from connectors.sqlite import SqliteAlerts

    alerts = SqliteAlerts(place / "v.sqlite")
    (document,) = alerts.written()
    alerts.close()
    id = document["event"]["id"]
    answer = vedette("explain", id[:8])
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0].startswith(r"[high] Whoami Was Run by CORP\anna on WS01 at 2026-11-23 02:30:00")
    assert lines[1] == r"  Image ends with '\\whoami.exe'; was 'C:\\x\\whoami.exe'"
    assert lines[-1] == f"id {id}"


def test_alerts_are_looked_for_in_files_and_in_what_a_hunt_pipes(place: Path) -> None:
    found = vedette("hunt", "events", "--rules", "rule.yml", "-o", "ndjson")
    (document,) = found.alerts
    id = document["event"]["id"]
    (place / "alerts.ndjson").write_bytes(found.raw)
    in_file = vedette("explain", id, "--in", "alerts.ndjson", "-o", "json")
    assert json.loads(in_file.out)["id"] == id
    assert vedette("explain", id, "--in", "-", "-o", "json", stdin=found.raw).raw == in_file.raw


@pytest.mark.parametrize(
    ("id", "says"),
    [
        ("12345", "at least 6 of its 40 digits"),
        ("../../etc", "cannot be the id"),
        ("9999999", "no alert has the id '9999999'"),
        ("012345", f"begins the ids of several alerts; expected one of {ID}, {ID[:-1]}8"),
    ],
)
def test_an_id_that_names_no_one_alert_is_told(id: str, says: str, place: Path) -> None:
    text = ndjson([alert(), alert(id=ID[:-1] + "8")])
    answer = vedette("explain", id, "--in", "-", stdin=text)
    assert (answer.code, answer.raw) == (3, b"")
    assert says in answer.err


def test_what_is_no_alert_is_counted(place: Path) -> None:
    answer = vedette("explain", ID, "--in", "-", stdin=ndjson([{"a": 1}, alert()]))
    assert answer.code == 0
    assert answer.counts == {"not-an-alert": 1}


def test_where_there_is_no_store_nothing_is_made(place: Path) -> None:
    answer = vedette("explain", ID)
    assert answer.code == 3
    assert "v.sqlite: ALERT_ID: no alert has the id" in answer.err
    assert not (place / "v.sqlite").exists()


def test_an_alert_of_the_store_names_its_incident_and_a_report_does_too(place: Path) -> None:
    assert vedette("run", "--until-idle").code == 0
    (listed,) = (json.loads(line) for line in vedette("incidents", "list").out.splitlines())
    from connectors.sqlite import SqliteAlerts

    alerts = SqliteAlerts(place / "v.sqlite")
    (document,) = alerts.written()
    alerts.close()
    told = vedette("explain", document["event"]["id"]).out
    assert f"\nIncidents\n  {listed['title']} ({listed['id'][:12]}): high, 1 alerts; " in told
    report = vedette("report", "--since", "1d").out
    assert "\nIncidents: 1\n" in report
    assert listed["id"][:12] in report
