"""`vedette hunts`: what a user gets of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.search.double import FakeClient
from tests.vedette.cli.command import Answer, vedette

HUNT = """\
title: Whoami Again and Again
id: 0b6c5a0e-2f0f-4a0b-9d43-4b1f3f9f2a51
type: threshold
index: logs-*
logsource: {category: process_creation, product: windows}
detection:
  run: {Image|endswith: '\\whoami.exe'}
  condition: run
group_by: Computer
at_least: 3
within: 10m
level: high
schedule: {every: 5m}
vedette:
  tests:
    - name: three
      events:
        - {repeat: 3, event: {EventID: 1, Channel: Microsoft-Windows-Sysmon/Operational, Computer: a, Image: 'C:\\whoami.exe'}}
      alerts: [{host.name: a}]
    - name: two
      events:
        - {repeat: 2, event: {EventID: 1, Channel: Microsoft-Windows-Sysmon/Operational, Computer: a, Image: 'C:\\whoami.exe'}}
      alerts: 0
"""  # noqa: E501


@pytest.fixture
def hunts(folder: Path) -> Path:
    (folder / "hunts").mkdir()
    (folder / "hunts" / "whoami_again.yml").write_text(HUNT)
    return folder / "hunts"


def write_events(file: Path, count: int, step: int = 60) -> None:
    lines = [
        {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": "WS01",
         "Image": "C:\\\\whoami.exe", "UtcTime": f"2026-01-01 00:{n * step // 60:02}:00"}
        for n in range(count)
    ]  # fmt: skip
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def shown(answer: Answer) -> list[dict[str, Any]]:
    assert answer.code == 0, answer.err
    return [json.loads(line) for line in answer.out.splitlines()]


def test_list_names_the_hunts(hunts: Path) -> None:
    answer = vedette("hunts", "list", "hunts")
    assert answer.out.split() == ["whoami_again", "threshold", "high", "every", "5m", "Whoami",
                                  "Again", "and", "Again"]  # fmt: skip
    assert answer.code == 0


def test_the_projects_own_are_listed_without_a_path() -> None:
    assert "ssh_passwords_tried_again_and_again" in vedette("hunts", "list").out


def test_run_over_files_shows_alerts_and_writes_nothing(hunts: Path, folder: Path) -> None:
    write_events(folder / "new.ndjson", 3)
    before = sorted(folder.rglob("*"))
    answer = vedette("hunts", "run", "whoami_again", "--hunts", "hunts", "--input", "new.ndjson",
                     "-o", "ndjson")  # fmt: skip
    (alert,) = shown(answer)
    assert alert["event"]["reason"] == (
        "Whoami Again and Again: 3 events for Computer WS01 within 10m"
    )
    assert alert["vedette"]["alert"]["source_events"][0]["Computer"] == "WS01"
    assert "1 alerts, 3 events read" in answer.err
    assert sorted(folder.rglob("*")) == before


def test_from_and_to_bound_when_it_is_complete(hunts: Path, folder: Path) -> None:
    write_events(folder / "new.ndjson", 9)
    run = ("hunts", "run", "whoami_again", "--hunts", "hunts", "--input", "new.ndjson", "-o",
           "ndjson")  # fmt: skip
    assert len(shown(vedette(*run, "--from", "2026-01-01T00:02:00Z"))) == 1
    assert not shown(vedette(*run, "--from", "2026-01-01T00:03:00Z"))
    assert not shown(vedette(*run, "--to", "2026-01-01T00:02:00Z"))


def test_a_misspelt_name_is_answered_with_the_nearest(hunts: Path) -> None:
    answer = vedette("hunts", "run", "whoami_agian", "--hunts", "hunts", "--input", "events.ndjson")
    assert answer.code == 3
    assert "no hunt is called 'whoami_agian'" in answer.err
    assert "did you mean 'whoami_again'?" in answer.err


def test_a_hunt_that_only_a_cluster_can_answer_says_so(hunts: Path) -> None:
    text = HUNT[: HUNT.index("logsource")] + "query: 'a:1'\nat_least: 3\nwithin: 10m\n"
    (hunts / "whoami_again.yml").write_text(text)
    answer = vedette("hunts", "run", "whoami_again", "--hunts", "hunts", "--input", "events.ndjson")
    assert answer.code == 3
    assert "its query is for a cluster to evaluate" in answer.err


def test_without_a_cluster_one_line_says_what_is_missing(hunts: Path, folder: Path) -> None:
    (folder / "vedette.yml").write_text("log: {level: info}\n")
    answer = vedette("hunts", "run", "whoami_again", "--hunts", "hunts")
    assert answer.code == 3
    assert "no cluster is configured" in answer.err
    assert "--input with files" in answer.err


def test_an_index_that_is_not_there_is_told(
    hunts: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "vedette.yml").write_text("cluster: {hosts: ['http://search.test:9200']}\n")
    client = FakeClient()
    monkeypatch.setattr("connectors.search.connect", lambda _: client)
    asked = ("hunts", "run", "whoami_again", "--hunts", "hunts", "--dry-run")
    assert "nothing in the cluster is called logs-*" in vedette(*asked).err
    client.put("logs-a", "1", 0)
    assert "is called" not in vedette(*asked).err


def test_test_runs_the_tests_inside(hunts: Path) -> None:
    answer = vedette("hunts", "test", "hunts")
    assert (answer.code, answer.out) == (
        0, "1 hunts, 2 tests: 2 passed, 0 failed, 0 hunts refused\n"
    )  # fmt: skip
    (hunts / "whoami_again.yml").write_text(HUNT.replace("at_least: 3", "at_least: 2"))
    answer = vedette("hunts", "test", "hunts")
    assert answer.code == 1
    assert "two: 1 alerts, wanted 0: Whoami Again and Again: 2 events" in answer.out


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("{host.name: a}", "{host.name: b}"),
         'three: alert 1: host.name is "a", wanted "b"'),
        (("      alerts: 0\n", "      alerts: nothing\n"),
         "test 2: alerts is a number, or a list of what each alert holds"),
        (("    - name: two\n", "    - nmae: two\n"), "test 2: lacks name or alerts"),
        (("{repeat: 2,", "{repeat: 0,"), "test 2: events: step 1: repeat is a number of times"),
    ],
)  # fmt: skip
def test_a_test_that_fails_says_why(hunts: Path, change: tuple[str, str], told: str) -> None:
    (hunts / "whoami_again.yml").write_text(HUNT.replace(*change))
    answer = vedette("hunts", "test", "hunts")
    assert answer.code == 1
    assert told in answer.out


def test_check_names_what_is_wrong_and_what_is_probably_not_meant(hunts: Path) -> None:
    (hunts / "a.yml").write_text(HUNT.replace("within", "wihtin").replace("0b6c", "1b6c"))
    answer = vedette("hunts", "check", "hunts")
    assert answer.code == 2
    assert "hunts/a.yml:11: wihtin: unknown key 'wihtin' of a threshold hunt; did you mean " in (
        answer.out
    )
    assert "warning: hunts/whoami_again.yml:1: description: has no description" in answer.out
    (hunts / "a.yml").unlink()
    assert vedette("hunts", "check", "hunts").code == 0
    assert vedette("hunts", "check", "hunts", "--strict").code == 1
    bad = HUNT.replace("{every: 5m}", "{cron: '0 6 * * fre', timezone: UTC}")
    (hunts / "whoami_again.yml").write_text(bad)
    answer = vedette("hunts", "check", "hunts")
    assert answer.code == 2
    assert "error: hunts/whoami_again.yml:13: schedule.cron: '0 6 * * fre' is no cron" in answer.out
    assert "1 hunts, 1 refused, " in answer.out


def test_schema_prints_json() -> None:
    assert json.loads(vedette("hunts", "schema").out)["title"] == "A hunt of Vedette"


def test_scheduled_hunts_need_a_cluster(hunts: Path, folder: Path) -> None:
    (folder / "vedette.yml").write_text("hunts: {paths: [hunts]}\nstate: {dir: state}\n")
    answer = vedette("run", "--until-idle")
    assert answer.code == 3
    assert "hunts.paths: hunts search a cluster" in answer.err
