"""A run of the checks over rule files."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sigma.processing.pipeline import ProcessingPipeline

from vedette.lint.document import RuleFile
from vedette.lint.finding import Finding, Severity
from vedette.lint.read import read_files
from vedette.lint.registry import Check, chosen

REFUSED = "refused"
"""The check that repeats the engine's words; left out where a more telling one has spoken."""


@dataclass(slots=True)
class Outcome:
    """What a run found, by file and line; `ignored` counts what comments turned off."""

    files: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rules: int = 0
    ignored: int = 0

    def at_least(self, severity: Severity) -> list[Finding]:
        """The findings of this severity or above."""
        return [finding for finding in self.findings if finding.severity >= severity]


def lint(
    paths: Sequence[Path],
    *,
    ignore: Collection[str] = (),
    pipelines: Sequence[ProcessingPipeline] = (),
) -> Outcome:
    """Run every check but those ignored on every rule under the paths.

    Raises `InputError` for a path that does not exist or a check that nobody knows.
    """
    checks = chosen(ignore)
    with _nothing_collected():
        return _outcome(checks, read_files(paths, pipelines))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep the garbage collector quiet: a run lets go of nothing, and its rounds take a third."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _outcome(checks: Sequence[Check], files: Sequence[RuleFile]) -> Outcome:
    outcome = Outcome(files=[file.name for file in files])
    outcome.rules = sum(len(file.documents) for file in files)
    found = [(file, check, each) for check in checks for file, each in _run(check, files)]
    told = {(file, each.rule) for file, check, each in found if check.refusal}
    for file, check, finding in found:
        if check.id == REFUSED and (file, finding.rule) in told:
            continue
        if _ignored(file, finding):
            outcome.ignored += 1
        else:
            outcome.findings.append(finding)
    outcome.findings.sort(key=lambda f: (f.file, f.line, -f.severity, f.check))
    return outcome


def _run(check: Check, files: Sequence[RuleFile]) -> list[tuple[RuleFile, Finding]]:
    return [
        (
            file,
            Finding(
                check.id,
                check.severity,
                found.text,
                file.name,
                found.line,
                document.title if document else None,
            ),
        )
        for file, document, found in check.run(files)
    ]


def _ignored(file: RuleFile, finding: Finding) -> bool:
    names = file.ignores
    return bool(names) and (
        finding.check in names.get(0, ()) or finding.check in names.get(finding.line, ())
    )
