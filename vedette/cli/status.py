"""`vedette status`: how far each source was read, and what came of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from vedette.cli.options import PATH, load_settings, word

FORMATS = ("table", "json")
UNKNOWN = 1
"""Exit code when something could not be asked."""


@click.command("status")
@click.option(
    "-c",
    "--config",
    "path",
    type=PATH,
    metavar="FILE",
    help="The configuration.  [default: $VEDETTE_CONFIG, else vedette.yml here, if any]",
)
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
def command(path: Path | None, form: str | None) -> int:
    """Say how far each source and hunt is, how many alerts there are, and what was refused.

    It reads the store and the cluster, also while a run goes on; where metrics.listen is set, the
    run itself is asked whether it is ready.
    """
    from vedette import status
    from vedette.output.safe import json_text, visible

    shown = word("--output", form, FORMATS) or "table"
    now = datetime.now(UTC)
    found = status.look(load_settings(path).settings, lambda: now)
    if shown == "json":
        click.echo(json_text(json.dumps(found.as_json(), ensure_ascii=False)))
    else:
        for line in status.lines(found, now):
            click.echo(visible(line))
    errors = [found.error, *(each.error for each in found.sources)]
    failed = any(errors) or any(each.error for each in found.hunts)
    return UNKNOWN if failed else 0
