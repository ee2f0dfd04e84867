"""Findings as lines that terminals and editors turn into links, and a closing table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import click

from vedette.lint.finding import Finding, Severity
from vedette.lint.run import Outcome
from vedette.output.safe import visible

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
LISTED = 12
"""Findings beyond which a table of the checks follows them."""


def lines(outcome: Outcome, shown: Sequence[Finding], *, color: bool) -> Iterator[str]:
    """The findings shown, one a line, and what they add up to."""
    for finding in shown:
        severity = _styled(str(finding.severity), finding.severity, color)
        check = click.style(f"[{finding.check}]", dim=True) if color else f"[{finding.check}]"
        place = f"{finding.file}:{finding.line}"
        yield f"{visible(place)}: {severity}: {visible(finding.message)} {check}"
    if len(shown) > LISTED:
        yield ""
        yield from _table(shown, color)
    if shown:
        yield ""
    yield summary(outcome)


def _table(shown: Sequence[Finding], color: bool) -> Iterator[str]:
    counts = Counter((finding.severity, finding.check) for finding in shown)
    for (severity, check), count in sorted(counts.items(), key=lambda c: (-c[0][0], -c[1])):
        yield f"{count:>7,}  {_styled(f'{severity!s:<7}', severity, color)}  {check}"


def summary(outcome: Outcome) -> str:
    """One line: how much was looked at and what was found."""
    counts = Counter(finding.severity for finding in outcome.findings)
    parts = [
        f"{outcome.rules:,} rules in {len(outcome.files):,} files",
        *(f"{counts[s]:,} {name}" for s, name in _PLURALS.items()),
    ]
    if outcome.ignored:
        parts.append(f"{outcome.ignored:,} turned off by comments")
    return ", ".join(parts)


_PLURALS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "info"}


def _styled(text: str, severity: Severity, color: bool) -> str:
    return (
        click.style(text, fg=_COLOURS[severity], bold=severity > Severity.INFO) if color else text
    )
