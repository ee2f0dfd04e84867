"""SigmaHQ's recorded positives: each event file must be matched by the rule it was made for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from connectors.files import FileSource
from engine.detect import Detector
from engine.errors import Problem
from engine.kinds import LogSource
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule, RuleSet


@dataclass(frozen=True)
class Case:
    """One case: its files, the rule, and how many matches `info.yml` says (None: it does not)."""

    name: str
    rule_id: str
    files: tuple[Path, ...]
    wanted: int | None


@dataclass(frozen=True)
class Result:
    """How often the rule matched in one file of a case."""

    case: Case
    file: Path
    matched: int
    problem: str | None = None

    @property
    def passed(self) -> bool:
        """At least as many matches as said: SigmaHQ's own runner asks for one or more."""
        return self.problem is None and self.matched >= (self.case.wanted or 1)

    @property
    def exact(self) -> bool:
        return self.passed and (self.case.wanted is None or self.matched == self.case.wanted)


def cases(sigmahq: Path) -> Iterator[Case]:
    """Every case of the regression data, one for each `info.yml`."""
    for info in sorted(sigmahq.glob("regression_data/**/info.yml")):
        document = yaml.safe_load(info.read_text(encoding="utf-8"))
        rule_id = document["rule_metadata"][0]["id"]
        tests = document.get("regression_tests_info") or []
        wanted = tests[0].get("match_count") if tests else None
        files = [info.parent / f"{rule_id}.{kind}" for kind in ("evtx", "json", "raw")]
        yield Case(info.parent.name, rule_id, tuple(f for f in files if f.exists()), wanted)


def run(sigmahq: Path, rules: RuleSet) -> list[Result]:
    """Run every file of every case, with all rules' routing in place."""
    by_id = rules.by_id()
    return [
        _run_file(case, file, by_id.get(case.rule_id))
        for case in cases(sigmahq)
        for file in case.files
    ]


def _run_file(case: Case, file: Path, rule: Rule | None) -> Result:
    if rule is None:
        return Result(case, file, 0, "the rule was not loaded")
    problems: list[Problem] = []
    detector = Detector([rule], problems.append)
    events = [normalise(record, tags) for record, tags in _records(file, rule, problems)]
    matched = sum(bool(detector.match(event)) for event in events)
    return Result(case, file, matched, str(problems[0]) if problems else None)


def _records(
    file: Path, rule: Rule, problems: list[Problem]
) -> Iterator[tuple[Record, LogSource | None]]:
    if file.suffix == ".raw":  # lines of a device's log, whose kind its user tells
        for line in file.read_text(encoding="utf-8").splitlines():
            yield Record({"message": line}, origin=str(file)), rule.logsource
        return
    source = FileSource([file], problems.append)
    for batch in source.poll(None):
        for record in batch.records:
            yield record, None


def report(results: list[Result]) -> list[str]:
    """The result, line by line."""
    names = {result.case.name for result in results}
    failed = {result.case.name for result in results if not result.passed}
    lines = [
        f"{result.case.name}: {result.file.suffix[1:]}: matched {result.matched}, "
        f"info.yml says {result.case.wanted}" + (f": {result.problem}" if result.problem else "")
        for result in results
        if not result.exact
    ]
    kinds = sorted({result.file.suffix for result in results})
    for kind in kinds:
        group = [result for result in results if result.file.suffix == kind]
        passed = sum(result.passed for result in group)
        exact = sum(result.exact for result in group)
        lines.append(f"{kind[1:]}: {passed} of {len(group)} files matched, {exact} exactly as said")
    lines.append(f"regression cases: {len(names) - len(failed)} of {len(names)} pass")
    return lines
