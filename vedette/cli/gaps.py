"""`vedette gaps`: what was skipped, late, capped or failed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from vedette.cli.options import CONFIG, FORMATS, load_settings, moment, stream, word


@click.command()
@CONFIG
@click.option("--source", metavar="NAME", help="Only of this source.")
@click.option("--open", "is_open", is_flag=True, help="Only gaps that are not filled yet.")
@click.option("--filled", "is_filled", is_flag=True, help="Only gaps that are filled.")
@click.option("--since", metavar="TIME", help="Only what was written or changed since then (UTC).")
@click.option(
    "--output",
    "-o",
    "form",
    metavar="FORMAT",
    help="table, ndjson, json or csv.  [default: table on a terminal, else ndjson]",
)
def command(
    path: Path | None,
    source: str | None,
    is_open: bool,
    is_filled: bool,
    since: str | None,
    form: str | None,
) -> int:
    """List the records of what was skipped, late, capped or failed, and what became of gaps.

    Exit code 1 with --open when there are any: a check for monitoring.
    """
    from engine.errors import InputError, nearest_name
    from vedette.gaps import COLUMNS, SHOWN, rows
    from vedette.output.records import write
    from vedette.output.safe import visible
    from vedette.places import opened_ledger

    shown = word("--output", form, FORMATS) or ("table" if sys.stdout.isatty() else "ndjson")
    first = moment("--since", since)
    if is_open and is_filled:
        raise InputError("nothing is both", field="--filled", expected="--open or --filled")
    settings = load_settings(path).settings
    ledger = opened_ledger(settings)
    try:
        wanted = "open" if is_open else "filled" if is_filled else None
        found = list(
            rows(ledger.notes(source, gaps=bool(wanted)), since=first, wanted=wanted)  # type: ignore[arg-type]
        )
    finally:
        ledger.close()
    known = [each.name for each in settings.sources]
    if source is not None and not found and source not in known:
        near = nearest_name(source, known)
        hint = f"; did you mean {near!r}?" if near else ""
        click.echo(visible(f"no source is called {source!r} now{hint}"), err=True)
    if found or shown != "table":
        write(found, COLUMNS, shown, stream(shown), shown=SHOWN)
    else:
        click.echo("no gap is open" if is_open else "nothing of the kind is on record")
    return 1 if is_open and found else 0
