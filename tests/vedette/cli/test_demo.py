"""`vedette demo`: one command, no cluster, no network, something to look at."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.vedette.cli.command import vedette


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def alerts(file: str | Path) -> list[dict[str, Any]]:
    answer = vedette("hunt", file, "--models", "demo-office")
    assert answer.code == 0
    assert answer.counts == {}
    return answer.alerts


def test_it_shows_many_rules_over_most_tactics_and_writes_the_report() -> None:
    began = time.monotonic()
    answer = vedette("demo")
    assert time.monotonic() - began < 60
    assert answer.code == 0
    report, events = Path("out/demo-report.html"), Path("out/demo-events.ndjson")
    assert f"Report: {report.resolve()}\n" in answer.err
    assert "vedette hunt out/demo-events.ndjson --models demo-office --output ndjson" in answer.err
    assert "Alerts by ATT&CK tactic" in answer.out
    assert "problem" not in answer.out
    found = alerts(events)
    page = report.read_text()
    unusual = [each for each in found if each["vedette"]["alert"]["kind"] == "anomaly"]
    names = {alert["rule"]["name"] for alert in found}
    assert len(names) >= 12
    assert all(name.replace("&", "&amp;").replace("'", "&#39;") in page for name in names)
    told = [each for alert in found for each in alert.get("threat", ())]
    tactics = {name for each in told for name in each["tactic"]["name"]}
    assert len(tactics) >= 9
    rules = names - {each["rule"]["name"] for each in unusual}
    assert f"{len(found)} alerts from {len(rules)} rules and 1 model" in answer.out
    assert any(len(each["vedette"]["alert"].get("corroborated_by", ())) > 3 for each in unusual)
    assert any("corroborated_by" not in each["vedette"]["alert"] for each in unusual)


def test_two_runs_show_the_same() -> None:
    tables, documents = [], []
    for folder in ("one", "two"):
        answer = vedette("demo", "--output", folder, "--seed", "3", "--events", "300")
        assert answer.code == 0
        tables.append(answer.out.partition("Alerts by ATT&CK")[0])
        documents.append(
            [a["vedette"]["alert"]["id"] for a in alerts(f"{folder}/demo-events.ndjson")]
        )
    assert tables[0] == tables[1]
    assert documents[0] == documents[1]
    assert len(documents[0]) > 12
    assert (
        Path("one/demo-events.ndjson").read_bytes() == Path("two/demo-events.ndjson").read_bytes()
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ordinary_work_raises_nothing_grave(seed: int) -> None:
    from vedette.demo import generate_labelled

    labelled = list(generate_labelled(seed))
    ordinary = [document for document, truth in labelled if truth is None]
    Path("quiet.ndjson").write_text("".join(json.dumps(event) + "\n" for event in ordinary))
    answer = vedette("hunt", "quiet.ndjson", "--min-level", "medium")
    assert answer.code == 0
    assert [alert["rule"]["name"] for alert in answer.alerts] == []
    assert len(ordinary) >= 4000


def test_a_folder_that_cannot_be_is_told() -> None:
    Path("file").touch()
    answer = vedette("demo", "--output", "file/out")
    assert answer.code == 3
    assert answer.err == "vedette: file/out: cannot be written: Not a directory\n"
