"""`vedette alerts`: what became of alerts that were not stored one by one."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vedette.cli.options import PATH, load_settings, moment, word

if TYPE_CHECKING:
    from rich.table import Table

KINDS = ("suppressed", "capped", "excepted")
"""Said here again: their own module is slow to import."""

FORMATS = ("table", "ndjson")


@click.group("alerts")
def command() -> None:
    """Look at what became of alerts."""


@command.command("held")
@click.option(
    "-c",
    "--config",
    "path",
    type=PATH,
    metavar="FILE",
    help="The configuration.  [default: $VEDETTE_CONFIG, else vedette.yml here, if any]",
)
@click.option("--since", metavar="TIME", help="Only what was written at or after this time (UTC).")
@click.option("--kind", metavar="KIND", help=f"Only one kind: {', '.join(KINDS)}.")
@click.option(
    "--output",
    "-o",
    "form",
    metavar="FORMAT",
    help="table or ndjson.  [default: table on a terminal, else ndjson]",
)
def held(path: Path | None, since: str | None, kind: str | None, form: str | None) -> None:
    """Show what exceptions, suppression and caps have held back.

    One line for each window or period: how many, of which rule, by what, for which values, and
    when the first and the last event was.
    """
    from engine.tune.action import projected
    from vedette.output.safe import json_text

    shown = word("--output", form, FORMATS) or ("table" if sys.stdout.isatty() else "ndjson")
    wanted = word("--kind", kind, KINDS)
    start = moment("--since", since)
    found = [d for d in projected(_read(path, start)) if wanted in (None, d.get("kind"))]
    if shown == "ndjson":
        for document in found:
            click.echo(json_text(json.dumps(document)))
        return
    from vedette.output.console import console, wants_color

    if not found:
        click.echo("Nothing was held back.")
        return
    console(sys.stdout, None, wants_color(sys.stdout)).print(_table(found))


def _read(path: Path | None, since: datetime | None) -> list[Mapping[str, Any]]:
    """The actions of the configured store."""
    from connectors.search import connect
    from vedette.places import cluster_settings, open_actions

    settings = load_settings(path).settings
    client = None
    if settings.cluster and settings.store == "cluster":
        client = connect(cluster_settings(settings.cluster))
    actions = open_actions(settings, client, lambda: datetime.now(UTC))
    try:
        return list(actions.read(since))
    finally:
        actions.close()
        if client is not None:
            client.close()


def _table(found: Sequence[Mapping[str, Any]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from vedette.output.safe import brief

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for name in ("Kind", "Count", "Rule", "By", "Key", "First (UTC)", "Last (UTC)"):
        table.add_column(name, justify="right" if name == "Count" else "left", overflow="fold")
    for document in found:
        key = ", ".join(f"{each['field']}={each['value']}" for each in document.get("key") or ())
        cells = (
            str(document.get("kind")),
            f"{document['count']:,}",
            str(_inner(document, "rule", "name")),
            str(document.get("by")),
            key,
            _seconds(document.get("first")),
            _seconds(document.get("last")),
        )
        table.add_row(*(Text(brief(cell, 120)) for cell in cells))
    return table


def _inner(document: Mapping[str, Any], *path: str) -> Any:
    value: Any = document
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _seconds(text: Any) -> str:
    return str(text)[:19].replace("T", " ")
