"""`vedette feedback list`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from vedette.cli.feedback.add import VERDICTS
from vedette.cli.options import CONFIG, FORMATS, load_settings, moment, stream, word


@click.command("list")
@CONFIG
@click.option("--since", metavar="TIME", help="Only verdicts given at or after this time (UTC).")
@click.option("--verdict", metavar="VERDICT", help=f"Only one: {', '.join(VERDICTS)}.")
@click.option(
    "--output",
    "-o",
    "form",
    metavar="FORMAT",
    help="table, ndjson, json or csv.  [default: table on a terminal, else ndjson]",
)
def list_verdicts(
    path: Path | None, since: str | None, verdict: str | None, form: str | None
) -> int:
    """List verdicts, the first first, and whether they count."""
    from vedette import feedback
    from vedette.output.records import write
    from vedette.stored import opened

    shown = word("--output", form, FORMATS) or ("table" if sys.stdout.isatty() else "ndjson")
    wanted, first = word("--verdict", verdict, VERDICTS), moment("--since", since)
    with opened(load_settings(path).settings) as store:
        found = list(feedback.rows(store, first, wanted))
    if found or shown != "table":
        write(found, feedback.COLUMNS, shown, stream(shown))
    else:
        click.echo("No verdict is on record.")
    return 0
