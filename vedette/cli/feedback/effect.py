"""`vedette feedback effect`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from vedette.cli.options import CONFIG, FORMATS, load_settings, moment, stream, word


@click.command("effect")
@CONFIG
@click.option("--audit", is_flag=True, help="Show instead what each verdict moved, and when.")
@click.option("--since", metavar="TIME", help="With --audit: only at or after this time (UTC).")
@click.option(
    "--output",
    "-o",
    "form",
    metavar="FORMAT",
    help="table, ndjson, json or csv.  [default: table on a terminal, else ndjson]",
)
def effect(path: Path | None, audit: bool, since: str | None, form: str | None) -> int:
    """Show what verdicts have moved: the confidence of rules, the thresholds of models.

    For each rule and model in all, and for each entity: the value without verdicts, the value
    now, and the verdicts behind it. A threshold is what the p of a model's budget is multiplied by.
    """
    from vedette import feedback
    from vedette.output.records import write
    from vedette.stored import opened

    shown = word("--output", form, FORMATS) or ("table" if sys.stdout.isatty() else "ndjson")
    first = moment("--since", since)
    with opened(load_settings(path).settings) as store:
        rows = feedback.audit_rows(store, first) if audit else feedback.effect_rows(store)
        found = list(rows)
    columns = feedback.AUDIT if audit else feedback.EFFECT
    if found or shown != "table":
        write(found, columns, shown, stream(shown), shown=() if audit else feedback.SHOWN)
    else:
        click.echo("No verdict has moved anything.")
    return 0
