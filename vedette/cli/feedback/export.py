"""`vedette feedback export`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from vedette.cli.options import CONFIG, load_settings, moment


@click.command("export")
@CONFIG
@click.option("--since", metavar="TIME", help="Only verdicts given at or after this time (UTC).")
def export(path: Path | None, since: str | None) -> int:
    """Write the last verdict on each alert as NDJSON, with what the alert was, for training.

    `vedette models fit --without FILE` leaves what was judged true out of what it holds for normal.
    """
    from vedette import feedback
    from vedette.output.safe import json_text
    from vedette.stored import opened

    first = moment("--since", since)
    with opened(load_settings(path).settings) as store:
        for each in feedback.exported(feedback.verdicts(store, first)):
            click.echo(json_text(json.dumps(each, ensure_ascii=False)))
    return 0
