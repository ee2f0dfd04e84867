"""A run over files: lines, comments that turn checks off, broken files, load errors told once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.errors import InputError
from vedette.lint.finding import Severity
from vedette.lint.run import Outcome, lint

RULE = """\
title: Whoami Was Run
id: 11111111-1111-4111-8111-111111111111
logsource: {category: process_creation, product: windows}
detection:
  run:
    - Image|endswith: '\\whoami.exe'
    - Image|endswith:
        - 'a.exe'
        - 'b.exe'
  condition: run
"""


def run(folder: Path, text: str, **options: list[str]) -> Outcome:
    (folder / "rule_of_test.yml").write_bytes(text.encode())
    return lint([folder], **options)


def found(outcome: Outcome) -> dict[str, list[int]]:
    lines: dict[str, list[int]] = {}
    for finding in outcome.findings:
        lines.setdefault(finding.check, []).append(finding.line)
    return lines


def test_a_finding_points_to_the_line_of_the_value(tmp_path: Path) -> None:
    assert found(run(tmp_path, RULE))["program-without-separator"] == [8, 9]


def test_lines_count_on_through_the_documents_of_a_file(tmp_path: Path) -> None:
    second = RULE.replace("Whoami Was", "Another Was").replace("11111111-", "21111111-")
    outcome = run(tmp_path, f"{RULE}---\n{second}")
    assert outcome.rules == 2
    assert found(outcome)["program-without-separator"] == [8, 9, 19, 20]
    assert {f.rule for f in outcome.findings} == {"Whoami Was Run", "Another Was Run"}


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("        - 'a.exe'  # vedette: ignore program-without-separator", [9]),
        ("        # vedette: ignore tab, program-without-separator\n        - 'a.exe'", [10]),
        ("        - 'a.exe'  # vedette: ignore tab", [8, 9]),
    ],
)
def test_a_comment_turns_a_check_off_for_its_line_or_the_next(
    tmp_path: Path, comment: str, left: list[int]
) -> None:
    outcome = run(tmp_path, RULE.replace("        - 'a.exe'", comment))
    assert found(outcome)["program-without-separator"] == left
    assert outcome.ignored == 2 - len(left)


def test_a_comment_above_the_first_key_counts_for_the_whole_file(tmp_path: Path) -> None:
    outcome = run(tmp_path, f"# vedette: ignore program-without-separator\n{RULE}")
    assert "program-without-separator" not in found(outcome)
    assert outcome.ignored == 2


def test_an_ignored_check_does_not_run(tmp_path: Path) -> None:
    assert "missing-level" in found(run(tmp_path, RULE))
    assert "missing-level" not in found(run(tmp_path, RULE, ignore=["missing-level"]))
    with pytest.raises(InputError, match="did you mean 'missing-level'"):
        run(tmp_path, RULE, ignore=["missing-levle"])


def test_a_rule_that_is_refused_is_still_checked(tmp_path: Path) -> None:
    outcome = run(tmp_path, RULE.replace("condition: run", "condition: rnu"))
    assert found(outcome)["undefined-search"] == [10]
    assert found(outcome)["program-without-separator"] == [8, 9]
    assert "refused" not in found(outcome)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b\n",
        "42\n",
        "title: [1, 2]\ndetection: 5\nlogsource: [x]\ntags: {a: b}\n",
        "title: x\ndetection:\n  a: [[{b: c}], null, 5]\n  5: x\n  condition: [a, 5]\n",
        "title: x\n1: y\n2026-01-01: z\nrelated: [1]\nreferences: {a: b}\nid: {a: b}\n",
        "detection: {a: {b|: x, '|': y, 'c||d': z}, condition: a}\n",
        "a: &a {b: 1}\ndetection: {x: {<<: *a, c: d}, condition: x}\n",
        "detection: {condition: '((((', a: {b|re: '(((', c|cidr: x, d|expand: '%a%'}}\n",
        "detection: {condition: 1 of (, a: {b|re: '[[[*)+{'}}\n",
        "vedette: {tests: {a: b}}\nlevel: [high]\nstatus: 5\ndate: [1]\nmodified: {}\n",
        "correlation: {}\n---\nfilter: {}\n---\naction: global\n",
        "title: x\nlevel: {a: b}\nfields: 5\nauthor: [x]\ndescription: 7\n",
        "\ufefftitle: x\n",
        "title: x\n\x00",
    ],
)
def test_no_text_stops_a_run(tmp_path: Path, text: str) -> None:
    outcome = run(tmp_path, text)
    assert any(finding.severity == Severity.ERROR for finding in outcome.findings)
    assert all(1 <= finding.line <= text.count("\n") + 1 for finding in outcome.findings)


CORRELATION = """\
title: Whoami Was Run Again and Again
id: 41111111-1111-4111-8111-111111111111
status: test
correlation:
  type: event_count
  rules: [whoami]
  group-by: [Computer]
  timespan: 5m
  condition: {gte: 5}
---
"""


def test_a_rule_that_only_feeds_a_correlation_needs_no_words_of_its_own(tmp_path: Path) -> None:
    outcome = run(tmp_path, CORRELATION + RULE.replace("logsource", "name: whoami\nlogsource"))
    assert found(outcome)["missing-level"] == [1]
    assert found(outcome)["no-tests"] == [1]
    assert "missing-status" not in found(outcome)
    assert found(outcome)["program-without-separator"] == [19, 20]


def test_files_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "binary_file.yml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty_file.yml").write_bytes(b"")
    checks = [(Path(f.file).name, f.check) for f in lint([tmp_path]).findings]
    assert ("binary_file.yml", "unreadable") in checks
    assert ("empty_file.yml", "unreadable") in checks


def test_long_lists_and_deep_conditions_take_no_time(tmp_path: Path) -> None:
    values = "".join(f"      - 'value{n}'\n" for n in range(5000))
    both = " and ".join(f"(a{n} or not a{n})" for n in range(150))
    searches = "".join(f"  a{n}: {{b{n}: c}}\n" for n in range(150))
    name, other = "a" * 90_000, "b" + "a" * 90_000
    started = time.process_time()
    run(tmp_path, f"title: x\ndetection:\n  {name}: {{b: c}}\n  condition: {other}\n")
    run(tmp_path, f"title: x\ndetection:\n  a: {{b|re: '{'[' * 500_000}'}}\n  condition: a\n")
    run(tmp_path, f"{'k' * 200_000}: x\ndetection: {{a: {{{'I' * 200_000}: c}}, condition: a}}\n")
    run(tmp_path, f"title: x\nlevel: {'h' * 500_000}\ntags: ['{'t' * 300_000}.x']\n")
    run(tmp_path, f"title: x\ndetection:\n  s:\n    Image|contains:\n{values}  condition: s\n")
    run(tmp_path, f"title: x\ndetection:\n{searches}  condition: {both}\n")
    assert time.process_time() - started < 10


def test_own_rules_have_no_error_and_no_warning() -> None:
    rules = Path(__file__).resolve().parents[3] / "rules"
    assert [str(finding) for finding in lint([rules]).at_least(Severity.WARNING)] == []


@pytest.mark.shared
def test_well_kept_rules_meet_few_warnings(shared_data: Path) -> None:
    """A check that fires on a third of SigmaHQ's rules is a matter of taste: info."""
    outcome = lint([shared_data / "sigmahq" / "rules" / "windows" / "process_creation"])
    assert outcome.rules > 1000
    grave = outcome.at_least(Severity.WARNING)
    for check in {finding.check for finding in grave}:
        files = {finding.file for finding in grave if finding.check == check}
        assert len(files) < 0.3 * len(outcome.files), check


EXCEPTION_FOR_A_HUNT = """\
title: Known
logsource: {category: hunt}
filter:
  rules: [A Hunt]
  known: {user.name: alice}
  condition: not known
vedette: {exception: {owner: x, reason: y, expires: 2026-12-01}}
"""
HUNT = """\
title: A Hunt
id: 0b6c5a0e-2f0f-4a0b-9d43-4b1f3f9f2a51
type: threshold
at_least: 3
within: 1m
"""


def test_an_exception_may_be_for_a_hunt_that_lies_beside_the_rules(tmp_path: Path) -> None:
    assert "exception-for-nobody" in found(run(tmp_path, EXCEPTION_FOR_A_HUNT))
    (tmp_path / "hunts").mkdir()
    (tmp_path / "hunts" / "one.yml").write_text(HUNT, encoding="utf-8")
    assert "exception-for-nobody" not in found(lint([tmp_path]))
