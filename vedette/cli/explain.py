"""`vedette explain`: why there is an alert, in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vedette.cli.options import CONFIG, PATH, load_settings, word

if TYPE_CHECKING:
    from engine.ports import Document
    from vedette.why import Story

FORMATS = ("text", "json")


@click.command("explain")
@click.argument("id", metavar="ALERT_ID")
@CONFIG
@click.option(
    "--in",
    "files",
    type=PATH,
    multiple=True,
    metavar="PATH",
    help="Look for it in a file of alerts, or in standard input (-), not in the store; repeatable.",
)
@click.option("--output", "-o", "form", metavar="FORMAT", help="text or json.  [default: text]")
def command(id: str, path: Path | None, files: tuple[Path, ...], form: str | None) -> int:
    """Say in words why there is an alert: what matters first, then all that is known of it.

    ALERT_ID is the alert's id, or the first six digits of it or more. The alert is read from the
    configured store, or from files as `vedette hunt --output ndjson` writes them.
    """
    from vedette.output.safe import json_text
    from vedette.why import story

    shown = word("--output", form, FORMATS) or "text"
    found = story(*(_in_files(id, files) if files else _in_store(id, path)))
    if shown == "json":
        click.echo(json_text(json.dumps(found.as_json(), ensure_ascii=False)))
    else:
        _show(found)
    return 0


def _in_files(id: str, files: tuple[Path, ...]) -> tuple[Document]:
    from connectors.files.alerts import FileAlerts
    from engine.errors import Problems
    from vedette.output.safe import visible
    from vedette.stored import the_alert

    problems = Problems()
    alerts = FileAlerts(["-" if str(file) == "-" else file for file in files], problems)
    try:
        return (the_alert(alerts, id, ", ".join(map(str, files))),)
    finally:
        for kind, count in problems.counts.most_common():
            click.echo(visible(f"{kind}: {count:,} in all"), err=True)


def _in_store(id: str, path: Path | None) -> tuple[Document, list[str], list[str]]:
    from vedette import feedback, incidents
    from vedette.stored import id_of, opened, the_alert

    settings = load_settings(path).settings
    with opened(settings) as store:
        document = the_alert(store.alerts, id, store.place)
        verdicts = feedback.of_alert(store, id_of(document))
    with incidents.opened(settings) as kept:
        return document, verdicts, incidents.of_alert(kept, document)


def _show(found: Story) -> None:
    from vedette.output.safe import visible

    click.echo(visible(found.headline))
    for line in found.first:
        click.echo(visible(f"  {line}"))
    for section in found.sections:
        click.echo(f"\n{section.title}")
        for line in section.lines:
            click.echo(visible(f"  {line}"))
    click.echo()
    click.echo(visible(f"id {found.id}"))
