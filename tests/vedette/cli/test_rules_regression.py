"""`vedette rules test` with SigmaHQ's regression data, and its JUnit report."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.vedette.cli.command import WHOAMI, ndjson, process, vedette

INFO = """\
id: 99999999-9999-4999-8999-999999999999
regression_tests_info:
  - name: Positive Test
    type: json
    match_count: {count}
    path: regression_data/whoami/events.json
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a rule in `rules/windows/` that points to data beside `rules/`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules" / "windows").mkdir(parents=True)
    point = "regression_tests_path: regression_data/whoami/info.yml\n"
    (tmp_path / "rules" / "windows" / "whoami.yml").write_text(WHOAMI + point)
    folder = tmp_path / "regression_data" / "whoami"
    folder.mkdir(parents=True)
    (folder / "info.yml").write_text(INFO.format(count=1))
    (folder / "events.json").write_bytes(ndjson([process(r"C:\whoami.exe"), process("x.exe")]))
    return folder


def run(*words: str) -> tuple[int, str]:
    answer = vedette("rules", "test", "rules", *words)
    return answer.code, answer.out


def test_recorded_events_are_tests_enough(data: Path) -> None:
    code, out = run("-v")
    assert code == 0
    assert out.splitlines() == [
        "ok   rules/windows/whoami.yml: Positive Test (regression_data/whoami/events.json)",
        "1 rules, 1 tests: 1 passed, 0 failed, 0 rules refused",
    ]


def test_too_few_matches_fail(data: Path) -> None:
    (data / "info.yml").write_text(INFO.format(count=2))
    code, out = run()
    assert code == 1
    assert "matched 1 events, but must match 2" in out


def test_none_may_be_what_is_wanted(data: Path) -> None:
    (data / "info.yml").write_text(INFO.format(count=0))
    assert "matched 1 events, but must match 0" in run()[1]
    (data / "events.json").write_bytes(ndjson([process("x.exe")]))
    assert run()[0] == 0


def test_data_that_is_not_there_counts_as_no_test(data: Path) -> None:
    (data / "info.yml").unlink()
    assert "vedette.tests: has no tests" in run()[1]


def test_events_that_are_not_there_or_cannot_be_read_fail_by_name(data: Path) -> None:
    (data / "events.json").write_text('{"a": 1}\n{"b\n')
    code, out = run()
    assert code == 1
    assert "events.json" in out
    (data / "events.json").unlink()
    assert "its file of events is not there" in run()[1]


@pytest.mark.parametrize(
    "text",
    ["a: [", "[]", "regression_tests_info: 5", "regression_tests_info: [5]",
     "regression_tests_info: [{path: 5}]", "regression_tests_info: [{match_count: many}]"],
)  # fmt: skip
def test_an_info_that_makes_no_sense_is_told_and_no_fault(data: Path, text: str) -> None:
    (data / "info.yml").write_text(text)
    code, out = run()
    assert code == 1
    assert "FAIL rules/windows/whoami.yml" in out


@pytest.mark.parametrize("path", ["../secret/info.yml", "{root}/secret/info.yml", "secret"])
def test_a_rule_points_to_nothing_outside_the_folders_above_it(data: Path, path: str) -> None:
    root = data.parents[1]
    (root / "secret").mkdir()
    (root / "secret" / "info.yml").write_text(INFO.format(count=1))
    rule = root / "rules" / "windows" / "whoami.yml"
    rule.write_text(f"{WHOAMI}regression_tests_path: '{path.format(root=root)}'\n")
    assert "vedette.tests: has no tests" in run()[1]


def test_a_link_does_not_lead_out_either(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "events.json"
    elsewhere.write_bytes(ndjson([process(r"C:\whoami.exe")]))
    (data / "events.json").unlink()
    (data / "events.json").symlink_to(elsewhere)
    assert "its file of events is not there" in run()[1]


def test_the_junit_report_has_every_test_and_every_refused_rule(data: Path) -> None:
    (data / "info.yml").write_text(INFO.format(count=2))
    Path("rules/broken.yml").write_text("title: x\n")
    code, _ = run("--junit", "report.xml")
    assert code == 2
    root = ET.fromstring(Path("report.xml").read_text(encoding="utf-8"))
    (suite,) = root.findall("testsuite")
    cases = {case.attrib["classname"]: case for case in suite.findall("testcase")}
    assert set(cases) == {"rules/windows/whoami.yml", "rules/broken.yml"}
    failure = cases["rules/windows/whoami.yml"].find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "matched 1 events, but must match 2"
    assert suite.attrib["failures"] == "2"
    assert vedette("rules", "test", "rules", "--junit", "no/such/folder.xml").code == 3


@pytest.mark.shared
def test_the_recorded_events_of_sigmahq_match(shared_data: Path) -> None:
    folder = shared_data / "sigmahq" / "rules" / "windows" / "registry"
    answer = vedette("rules", "test", "-v", folder)
    recorded = [line for line in answer.out.splitlines() if "regression_data/" in line]
    assert len(recorded) >= 10
    assert [line for line in recorded if not line.startswith("ok ")] == []
