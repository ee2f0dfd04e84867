"""`vedette hunts check`."""

from __future__ import annotations

from pathlib import Path

import click

from vedette.cli.options import PATH


@click.command("check")
@click.argument("paths", nargs=-1, type=PATH, metavar="[PATH...]")
@click.option("--strict", is_flag=True, help="Exit with 1 when there is anything to look at.")
def check(paths: tuple[Path, ...], strict: bool) -> int:
    """Look for mistakes in the hunts under PATH (default: Vedette's own).

    Names what is wrong with file, line and field. Exits with 2 when a hunt cannot be loaded, or
    cannot be run for its schedule.
    """
    from mitre.catalog import Catalog
    from vedette import hunts
    from vedette.hunt_check import findings, unscheduled
    from vedette.output.safe import visible

    loaded = hunts.load(paths)
    catalog = Catalog.load()
    found = [finding for hunt in loaded.hunts for finding in findings(hunt, catalog)]
    refused = [*loaded.refused, *(e for hunt in loaded.hunts if (e := unscheduled(hunt)))]
    for error in refused:
        click.echo(visible(f"error: {error}"))
    for finding in found:
        click.echo(visible(f"warning: {finding}"))
    click.echo(f"{len(loaded):,} hunts, {len(refused):,} refused, {len(found):,} warnings")
    if refused or not len(loaded):
        return 2
    return 1 if strict and found else 0
