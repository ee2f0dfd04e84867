"""SigmaHQ's regression data: recorded events that a rule must match, described by an `info.yml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from connectors.files import FileSource
from engine.detect import Detector
from engine.errors import Problem, RuleError
from engine.event import Event
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from engine.yaml_text import read_documents
from vedette.rule_tests import Result

KEY = "regression_tests_path"


def run_regression(rule: Rule) -> Iterator[Result]:
    """Run the cases that a rule points to; none when it points to nothing that is there.

    The path stands in the rule and is looked for in the folders above the rule's file, as
    SigmaHQ's repository has it; it may not lead out of them.
    """
    written = rule.document.get(KEY)
    found = _above(Path(rule.file), written) if isinstance(written, str) else None
    if found is None:
        return
    root, info = found
    try:
        cases = _cases(info)
    except RuleError as error:
        yield Result(rule, str(written), str(error))
        return
    for number, case in enumerate(cases, start=1):
        name = f"{case.get('name') or 'test'} ({case.get('path') or number})"
        yield Result(rule, name, _run(rule, root, case))


def _above(file: Path, written: str) -> tuple[Path, Path] | None:
    """The folder above a rule below which a relative path leads to a file, and that file."""
    path = PurePosixPath(written)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return None
    for folder in file.resolve().parents:
        candidate = folder / path
        if candidate.is_file() and candidate.resolve().is_relative_to(folder):
            return folder, candidate
    return None


def _cases(info: Path) -> list[Mapping[str, Any]]:
    """The tests of an `info.yml`. Raises `RuleError`."""
    first = read_documents(info).items[0]
    tests = first.get("regression_tests_info") if isinstance(first, Mapping) else None
    if tests is None:
        return []
    if not isinstance(tests, list) or not all(isinstance(test, Mapping) for test in tests):
        raise RuleError("is no list of tests", file=str(info), field="regression_tests_info")
    return tests


def _run(rule: Rule, root: Path, case: Mapping[str, Any]) -> str | None:
    """What is wrong with one case, or None."""
    found = _above(root / "any", path) if isinstance(path := case.get("path"), str) else None
    if found is None:
        return "its file of events is not there"
    wanted = case.get("match_count", 1)
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 0:
        return f"match_count is no number: {wanted!r}"
    problems: list[Problem] = []
    detector = Detector([rule], problems.append)
    matched = sum(bool(detector.match(event)) for event in _events(rule, found[1], problems))
    if problems:
        return str(problems[0])
    enough = matched >= wanted if wanted else matched == 0
    return None if enough else f"matched {matched} events, but must match {wanted}"


def _events(rule: Rule, file: Path, problems: list[Problem]) -> Iterator[Event]:
    if file.suffix == ".raw":  # lines of a device's log, whose kind nothing in them tells
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            yield normalise(Record({"message": line}, origin=str(file)), rule.logsource)
        return
    source = FileSource([file], problems.append)
    for batch in source.poll(None):
        for record in batch.records:
            yield normalise(record)
