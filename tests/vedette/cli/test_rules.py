"""`vedette rules list` and `vedette rules test`."""

from __future__ import annotations

from pathlib import Path

from tests.vedette.cli.command import BROKEN, vedette

TESTED = """\
title: Tested
id: 55555555-5555-4555-8555-555555555555
level: {level}
logsource: {{category: process_creation, product: windows}}
detection:
  run: {{Image|endswith: '{image}'}}
  condition: run
vedette:
  tests:
    - name: the program
      match: true
      event: {{Channel: Microsoft-Windows-Sysmon/Operational, EventID: 1, Image: 'C:\\whoami.exe'}}
    - name: another
      match: false
      event: {{Channel: Microsoft-Windows-Sysmon/Operational, EventID: 1, Image: 'C:\\who.exe'}}
"""


def rule_file(folder: Path, image: str = r"\whoami.exe", level: str = "high") -> Path:
    file = folder / "tested.yml"
    file.write_text(TESTED.format(image=image, level=level))
    return file


def test_own_rules_pass_their_tests() -> None:
    answer = vedette("rules", "test")
    assert answer.code == 0, answer.out
    assert "FAIL" not in answer.out
    assert answer.out.endswith(" 0 failed, 0 rules refused\n")


def test_a_rule_that_passes_is_named_only_when_asked(folder: Path) -> None:
    file = rule_file(folder)
    assert vedette("rules", "test", file).out == (
        "1 rules, 2 tests: 2 passed, 0 failed, 0 rules refused\n"
    )
    answer = vedette("rules", "test", "-v", file)
    assert answer.out.splitlines()[:2] == [f"ok   {file}: the program", f"ok   {file}: another"]


def test_each_test_that_fails_is_named_and_ends_with_1(folder: Path) -> None:
    answer = vedette("rules", "test", rule_file(folder, image=r"\who.exe"))
    assert answer.code == 1
    assert "FAIL" in answer.out
    assert "tested.yml: the program: did not match, but must\n" in answer.out
    assert "tested.yml: another: matched, but must not\n" in answer.out


def test_a_rule_without_tests_fails_by_name(folder: Path) -> None:
    answer = vedette("rules", "test", "rules/whoami.yml")
    assert answer.code == 1
    assert answer.out.startswith("FAIL rules/whoami.yml: vedette.tests: has no tests\n")


def test_a_refused_rule_ends_with_2_whatever_else_fails(folder: Path) -> None:
    Path("rules/broken.yml").write_text(BROKEN)
    rule_file(folder / "rules", image=r"\who.exe")
    answer = vedette("rules", "test", "rules")
    assert answer.code == 2
    assert "FAIL rules/broken.yml:5: detection: " in answer.out
    assert "tested.yml: another: matched, but must not" in answer.out
    assert answer.out.endswith("1 rules refused\n")


def test_no_rules_end_with_2_and_no_folder_with_3(folder: Path) -> None:
    Path("none").mkdir()
    assert vedette("rules", "test", "none").code == 2
    assert vedette("rules", "test", "absent").code == 3


def test_the_list_has_the_gravest_rules_first(folder: Path) -> None:
    rule_file(folder / "rules", level="critical")
    answer = vedette("rules", "list", "-r", "rules")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert [line.split()[0] for line in lines] == ["critical", "high", "medium"]
    assert lines[1] == (
        "high          Whoami Was Run  [product:windows/category:process_creation]  T1033  "
        "11111111-1111-4111-8111-111111111111"
    )
    assert answer.err == "3 rules loaded from 3 files\n"


def test_the_list_takes_the_options_of_a_hunt(folder: Path) -> None:
    answer = vedette("rules", "list", "-r", "rules", "--min-level", "high")
    assert answer.out.count("\n") == 1
    assert "1 rules loaded from 2 files, 1 left out as asked" in answer.err
    assert vedette("rules", "list", "-r", "rules", "--min-level", "hgh").code == 3


def test_a_refused_rule_is_named_by_the_list_too(folder: Path) -> None:
    Path("rules/broken.yml").write_text(BROKEN)
    answer = vedette("rules", "list", "-r", "rules")
    assert answer.code == 2
    assert answer.out.count("\n") == 2
    assert "rule refused: rules/broken.yml:5: " in answer.err


def test_text_of_a_rule_is_made_visible_in_the_list(folder: Path) -> None:
    Path("rules/whoami.yml").write_text(
        Path("rules/whoami.yml").read_text().replace("Whoami Was Run", '"\\e[31m[red]\\u202eevil"')
    )
    answer = vedette("rules", "list", "-r", "rules")
    assert "\\x1b[31m[red]\\u202eevil" in answer.out
    assert "\x1b" not in answer.out
