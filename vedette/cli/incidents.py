"""`vedette incidents`: the stories that alerts amount to."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from vedette.cli.options import PATH, load_settings, moment, word

FORMATS = ("table", "ndjson")

CONFIG = click.option(
    "-c",
    "--config",
    "path",
    type=PATH,
    metavar="FILE",
    help="The configuration.  [default: $VEDETTE_CONFIG, else vedette.yml here, if any]",
)


@click.group("incidents")
def command() -> None:
    """Look at incidents: alerts that are one story."""


@command.command("list")
@CONFIG
@click.option("--since", metavar="TIME", help="Only what ended at or after this time (UTC).")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show at most N.")
@click.option("--merged", is_flag=True, help="Also those that became part of others.")
@click.option(
    "--output",
    "-o",
    "form",
    metavar="FORMAT",
    help="table or ndjson.  [default: table on a terminal, else ndjson]",
)
def listed(
    path: Path | None, since: str | None, limit: int | None, merged: bool, form: str | None
) -> None:
    """Show incidents, the one that matters most first."""
    from vedette.incidents import opened, stories
    from vedette.output.incidents import as_json, table
    from vedette.output.safe import json_text

    shown = word("--output", form, FORMATS) or ("table" if sys.stdout.isatty() else "ndjson")
    start = moment("--since", since)
    with opened(load_settings(path).settings) as store:
        found = stories(store, start, merged=merged)
    if shown == "ndjson":
        for story in found[:limit]:
            click.echo(json_text(json.dumps(as_json(story), ensure_ascii=False)))
        return
    from vedette.output.console import console, wants_color

    if not found:
        click.echo("No incidents.")
        return
    screen = console(sys.stdout, None, wants_color(sys.stdout))
    screen.print(table(found[:limit], screen.width, ids=True))
    if limit and len(found) > limit:
        click.echo(f"and {len(found) - limit:,} more")


@command.command("show")
@click.argument("identity", metavar="ID")
@CONFIG
@click.option("--json", "as_document", is_flag=True, help="As a JSON document.")
def show(identity: str, path: Path | None, as_document: bool) -> None:
    """Tell one incident: its story, techniques and alerts.

    ID may be the first characters of an id, six at least.
    """
    from vedette.incidents import one, opened
    from vedette.output.incidents import as_json, lines
    from vedette.output.safe import json_text, visible

    with opened(load_settings(path).settings) as store:
        story = one(store, identity)
    if as_document:
        click.echo(json_text(json.dumps(as_json(story), ensure_ascii=False)))
        return
    for line in lines(story):
        click.echo(visible(line))
