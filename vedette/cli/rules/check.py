"""`vedette rules check`: lint."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vedette.cli.options import PATH, word

if TYPE_CHECKING:
    from vedette.lint.run import Outcome

FORMATS = ("table", "json", "sarif", "junit")
SEVERITIES = ("error", "warning", "info")
"""Said here again: their own module would make the start slow."""


@click.command("check")
@click.argument("paths", nargs=-1, type=PATH, metavar="[PATH...]")
@click.option(
    "--output",
    "-o",
    "form",
    metavar="FORMAT",
    help="table, json, sarif or junit.  [default: table]",
)
@click.option(
    "--fail-on",
    default="error",
    show_default=True,
    metavar="SEVERITY",
    help="Exit with 1 when a finding is of this severity or above: error, warning or info.",
)
@click.option(
    "--show",
    default="info",
    show_default=True,
    metavar="SEVERITY",
    help="Leave out findings below this severity.",
)
@click.option(
    "--ignore", "ignored", multiple=True, metavar="CHECK", help="Leave a check out; repeatable."
)
@click.option(
    "--pipeline",
    "pipelines",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="pySigma processing pipeline to apply to every rule; may be repeated.",
)
@click.option("--list", "listed", is_flag=True, help="List all checks, as Markdown, and stop.")
def check(
    paths: tuple[Path, ...],
    form: str | None,
    fail_on: str,
    show: str,
    ignored: tuple[str, ...],
    pipelines: tuple[Path, ...],
    listed: bool,
) -> int:
    """Look for mistakes in the rules under PATH (default: Vedette's own rules).

    A comment `# vedette: ignore CHECK` turns a check off for its line or, alone on a line, for
    the next one; above the first key of a file, for the whole file.

    \b
    Exit codes:
      0  nothing of the severity of --fail-on or above was found
      1  something was
      3  a usage or input error
    """
    from vedette import rulesets
    from vedette.lint.finding import Severity
    from vedette.lint.registry import checks
    from vedette.lint.run import lint
    from vedette.output.safe import visible

    wanted = word("--output", form, FORMATS) or "table"
    failing = Severity[(word("--fail-on", fail_on, SEVERITIES) or "").upper()]
    shown = Severity[(word("--show", show, SEVERITIES) or "").upper()]
    if listed:
        from vedette.lint.output.catalogue import catalogue

        for line in catalogue(checks()):
            click.echo(visible(line))
        return 0
    read = [rulesets.pipeline(file) for file in pipelines]
    outcome = lint(paths or [rulesets.OWN_RULES], ignore=ignored, pipelines=read)
    for line in _told(wanted, outcome, shown, failing):
        click.echo(line)
    return 1 if outcome.at_least(failing) else 0


def _told(form: str, outcome: Outcome, shown: int, failing: int) -> list[str]:
    from vedette.lint.finding import Severity
    from vedette.output.safe import json_text

    findings = outcome.at_least(Severity(shown))
    if form == "table":
        from vedette.lint.output.text import lines
        from vedette.output.console import wants_color

        return list(lines(outcome, findings, color=wants_color(sys.stdout)))
    if form == "json":
        return [json_text(json.dumps(_entry(finding))) for finding in findings]
    if form == "junit":
        from vedette.lint.output.junit import junit

        return junit(outcome, Severity(failing)).splitlines()
    from vedette.lint.output.sarif import sarif
    from vedette.lint.registry import checks

    log = sarif(findings, checks(), Path.cwd())
    return json.dumps(log, indent=2).splitlines()


def _entry(finding: object) -> dict[str, object]:
    from dataclasses import asdict

    from vedette.lint.finding import Finding

    assert isinstance(finding, Finding)
    return {**asdict(finding), "severity": str(finding.severity)}
