"""Every case under `tests/cases/lint/` is true of its check, and every check has cases.

A case changes the rule below, which no check has anything to say of: `change` replaces top-level
keys (null takes one away), `where` is the one search, `detection` the whole detection, `text` the
file's text. `named` is the file's name, `others` adds files. Of a case that fires, `says` is part
of the message, `at` part of the line it points to, and `alone` means that no other error is told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from vedette.lint.finding import Finding, Severity
from vedette.lint.registry import checks
from vedette.lint.run import lint

CASES = Path(__file__).resolve().parents[2] / "cases" / "lint"
FILES = sorted(CASES.glob("*.yml"))
KEYS = {"change", "where", "detection", "text", "named", "others", "says", "at", "alone", "raw"}
GOOD: dict[str, Any] = {
    "title": "Vssadmin Deletes Shadow Copies",
    "id": "6f5ad5d5-0b0b-4d3a-8a52-7f0c6b3c1e21",
    "status": "test",
    "description": "Somebody takes away the copies that a victim could recover from.",
    "references": ["https://example.org/report"],
    "author": "A. Author",
    "date": "2026-01-02",
    "tags": ["attack.impact", "attack.t1490"],
    "logsource": {"product": "windows", "category": "process_creation"},
    "detection": {
        "selection": {"Image|endswith": "\\vssadmin.exe", "CommandLine|contains": "delete"},
        "condition": "selection",
    },
    "falsepositives": ["Backup software that makes room for new copies"],
    "level": "high",
    "vedette": {
        "tests": [
            {"name": "deleted", "match": True, "event": {"EventID": 1}},
            {"name": "listed", "match": False, "event": {"EventID": 1}},
        ]
    },
}


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(file.stem, case, id=f"{file.stem}-{number}")
        for file in FILES
        for number, case in enumerate(yaml.safe_load(file.read_text("utf-8"))[kind])
    ]


def changed(change: dict[str, Any]) -> dict[str, Any]:
    rule = {**GOOD, **change}
    return {key: value for key, value in rule.items() if value is not None}


def written(case: dict[str, Any]) -> str:
    if "text" in case:
        text: str = case["text"]
        return text
    rule = changed(case.get("change", {}))
    if "where" in case:
        rule["detection"] = {"selection": case["where"], "condition": "selection"}
    rule["detection"] = case.get("detection", rule["detection"])
    return yaml.safe_dump(rule, sort_keys=False, allow_unicode=True, width=1000)


def text_of(case: dict[str, Any]) -> str:
    if not case.get("raw"):
        return written(case)
    # YAML writes characters that are not drawn as escapes; these cases are about the bare ones
    where = "".join(
        f"    {key}:\n" + "".join(f"    - '{value}'\n" for value in values)
        for key, one in case["where"].items()
        if (values := one if isinstance(one, list) else [one])
    )
    return written({}).split("detection:")[0] + (
        f"detection:\n  selection:\n{where}  condition: selection\n"
    )


def findings(case: dict[str, Any], folder: Path) -> list[Finding]:
    assert case.keys() <= KEYS
    file = folder / case.get("named", "shadow_copies_deleted.yml")
    file.write_bytes(text_of(case).encode("utf-8"))
    for name, change in case.get("others", {}).items():
        other = folder / name
        other.parent.mkdir(exist_ok=True)
        other.write_text(written({"change": change}), encoding="utf-8")
    return lint([folder]).findings


@pytest.mark.parametrize(("check", "case"), cases("fires"))
def test_the_check_fires(check: str, case: dict[str, Any], tmp_path: Path) -> None:
    found = findings(case, tmp_path)
    (own, *_) = [finding for finding in found if finding.check == check]
    assert case.get("says", "") in own.message
    lines = Path(own.file).read_bytes().decode("utf-8").split("\n")
    assert case.get("at", "") in lines[own.line - 1]
    if case.get("alone"):
        assert {f.check for f in found if f.severity == Severity.ERROR} == {check}


@pytest.mark.parametrize(("check", "case"), cases("silent"))
def test_the_check_is_silent(check: str, case: dict[str, Any], tmp_path: Path) -> None:
    assert [str(f) for f in findings(case, tmp_path) if f.check == check] == []


def test_every_check_has_cases_of_both_kinds() -> None:
    known = {check.id for check in checks()}
    assert {file.stem for file in FILES} == known
    assert len(known) >= 40
    for file in FILES:
        topic = yaml.safe_load(file.read_text("utf-8"))
        assert topic.keys() == {"fires", "silent"}, file.name
        assert topic["fires"], file.name
        assert topic["silent"], file.name


def test_no_check_has_anything_to_say_of_the_good_rule(tmp_path: Path) -> None:
    assert [str(finding) for finding in findings({}, tmp_path)] == []


def test_every_check_says_what_it_finds_and_why() -> None:
    for check in checks():
        assert check.summary.endswith("."), check.id
        assert check.why.endswith((".", "!", '"')), check.id
        assert len(check.summary) <= 100, check.id
        assert check.id == check.id.lower(), check.id
