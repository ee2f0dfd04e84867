"""`vedette doctor`: is all well, and what to do where it is not."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vedette.cli.options import PATH, load_settings, word

if TYPE_CHECKING:
    from vedette.doctor.finding import Finding

FORMATS = ("table", "json")
GRAVE = ("fail", "warn")
FOUND = 1
"""Exit code when a finding is as grave as --fail-on."""


@click.command("doctor")
@click.option(
    "-c",
    "--config",
    "path",
    type=PATH,
    metavar="FILE",
    help="The configuration.  [default: $VEDETTE_CONFIG, else vedette.yml here, if any]",
)
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
@click.option(
    "--fail-on", metavar="STATE", help="Exit with 1 on: fail, or warn too.  [default: fail]"
)
@click.option("--list", "listing", is_flag=True, help="List all checks, as Markdown, and stop.")
def command(path: Path | None, form: str | None, fail_on: str | None, listing: bool) -> int:
    """Look at the cluster, the sources, the rules and the store; nothing is changed.

    Each check says ok, warn or fail in one line, and what to do.
    """
    from vedette.doctor.patient import Patient
    from vedette.doctor.registry import every, examine

    shown = word("--output", form, FORMATS) or "table"
    worst = word("--fail-on", fail_on, GRAVE) or "fail"
    if listing:
        click.echo("| check | asks |\n|---|---|")
        for each in every():
            click.echo(f"| `{each.name}` | {each.asks} |")
        return 0
    patient = Patient(load_settings(path).settings)
    grave = GRAVE[: GRAVE.index(worst) + 1]
    code = 0
    counts: dict[str, int] = {}
    try:
        for finding in examine(patient):
            _show(finding, shown)
            counts[finding.state] = counts.get(finding.state, 0) + 1
            code = FOUND if finding.state in grave else code
    finally:
        patient.close()
    if shown == "table":
        names = ("ok", "warn", "fail", "skipped")
        click.echo("\n" + ", ".join(f"{counts.get(name, 0)} {name}" for name in names))
    return code


def _show(finding: Finding, form: str) -> None:
    from vedette.output.safe import json_text, visible

    if form == "json":
        click.echo(json_text(json.dumps(finding.as_json(), ensure_ascii=False)))
        sys.stdout.flush()
        return
    subject = f"{finding.subject}: " if finding.subject else ""
    click.echo(visible(f"{finding.state:<8} {finding.check:<14} {subject}{finding.message}"))
    if finding.remedy:
        click.echo(visible(f"{'':<23} → {finding.remedy}"))
