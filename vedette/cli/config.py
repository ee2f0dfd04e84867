"""`vedette config`: check a configuration, show it with its origins, print its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vedette.cli.options import load_settings

if TYPE_CHECKING:
    from vedette.settings import Settings

_file = click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="The configuration. Default: $VEDETTE_CONFIG, else vedette.yml in this folder, if any.",
)


@click.group("config")
def command() -> None:
    """Check and show the configuration."""


@command.command("check")
@_file
def check(path: Path | None) -> None:
    """Tell everything that is wrong with it."""
    loaded = load_settings(path)
    from vedette.settings import SettingsErrors
    from vedette.settings.files import absent_files

    if errors := list(absent_files(loaded)):
        raise SettingsErrors(errors)
    click.echo(f"ok: {loaded.file or 'defaults and environment'}: {_summary(loaded.settings)}")


@command.command("show")
@_file
@click.option("--json", "as_json", is_flag=True, help="One JSON object, by dotted path.")
def show(path: Path | None, as_json: bool) -> None:
    """Show each value and where it came from.

    Secrets are hidden.
    """
    loaded = load_settings(path)
    from vedette.output.safe import json_text, visible
    from vedette.settings.show import rows

    found = list(rows(loaded))
    if as_json:
        shown = {row.path: {"value": row.value, "origin": row.origin} for row in found}
        click.echo(json.dumps(shown, indent=2))
        return
    width = max(len(row.path) for row in found)
    for row in found:
        value = json_text(json.dumps(row.value, ensure_ascii=False))
        click.echo(f"{row.path:<{width}} = {value}  ({visible(row.origin)})")


@command.command("schema")
def schema() -> None:
    """Print the JSON schema of the file."""
    from vedette.settings.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


def _summary(settings: Settings) -> str:
    cluster = f"cluster {settings.cluster.hosts[0]}" if settings.cluster else "no cluster"
    sources = ", ".join(f"{source.name} ({source.type})" for source in settings.sources)
    store = "the cluster" if settings.store == "cluster" else str(settings.output.sqlite)
    rules = ", ".join(map(str, settings.rules.paths)) or "Vedette's own"
    return f"{cluster}; sources: {sources or 'none'}; alerts in {store}; rules: {rules}"
