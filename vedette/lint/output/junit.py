"""Findings as JUnit XML: a case for every file, failed by its findings."""

from __future__ import annotations

from collections import defaultdict

from vedette.junit import Case, junit_xml
from vedette.lint.finding import Finding, Severity
from vedette.lint.run import Outcome


def junit(outcome: Outcome, failing: Severity) -> str:
    """A suite in which each file passes, or fails by every finding of `failing` or above."""
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in outcome.at_least(failing):
        by_file[finding.file].append(finding)
    cases: list[Case] = []
    for file in outcome.files:
        cases.extend(_cases(file, by_file[file]))
    return junit_xml("vedette rules check", {"rules": cases})


def _cases(file: str, findings: list[Finding]) -> list[Case]:
    if not findings:
        return [Case(file, "check")]
    return [
        Case(file, f"{f.check}, line {f.line}", f"{f.message}\n{f}", str(f.severity))
        for f in findings
    ]
