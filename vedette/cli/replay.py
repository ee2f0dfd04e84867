"""`vedette replay`: write alerts of the dead-letter store anew."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from vedette.cli.options import CONFIG, FORMATS, load_settings, stream, word

REFUSED = 1
"""Exit code when an alert could not be written again."""


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@CONFIG
@click.option("--all", "everything", is_flag=True, help="All that were not replayed yet.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be written.")
@click.option(
    "--output",
    "-o",
    "form",
    metavar="FORMAT",
    help="table, ndjson, json or csv.  [default: table on a terminal, else ndjson]",
)
def command(
    ids: tuple[str, ...], path: Path | None, everything: bool, dry_run: bool, form: str | None
) -> int:
    """Write alerts anew that the store had refused; without ID or --all, list them.

    An alert keeps its id, so that none is stored twice. What became of it is in the ledger.
    Exit code 1 when an alert was refused again, or is not whole any more.
    """
    from engine.errors import InputError
    from vedette.output.records import write
    from vedette.places import replay
    from vedette.replay import COLUMNS
    from vedette.wiring import log_problem

    shown = word("--output", form, FORMATS) or ("table" if sys.stdout.isatty() else "ndjson")
    if ids and everything:
        raise InputError("given beside ids", field="--all", expected="either")
    if dry_run and not (ids or everything):
        raise InputError("given without an id or --all", field="--dry-run")
    work = replay(load_settings(path).settings, log_problem, lambda: datetime.now(UTC))
    try:
        wanted = bool(ids or everything)
        found = list(work.run(ids, dry=dry_run) if wanted else work.rows())
    finally:
        work.box.close()
        work.sink.close()
        work.ledger.close()
    if found or shown != "table":
        write(found, COLUMNS, shown, stream(shown))
    else:
        click.echo("no dead letter is left to replay" if wanted else "there are no dead letters")
    failed = [row for row in found if row["state"] != "filled"]
    return REFUSED if wanted and not dry_run and failed else 0
