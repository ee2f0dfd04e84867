"""`vedette hunts list`."""

from __future__ import annotations

from pathlib import Path

import click

from vedette.cli.options import PATH


@click.command("list")
@click.argument("paths", nargs=-1, type=PATH, metavar="[PATH...]")
def list_hunts(paths: tuple[Path, ...]) -> int:
    """List the hunts under PATH (default: Vedette's own): name, type, level, schedule, title.

    Exits with 2 when a hunt was refused.
    """
    from vedette import hunts
    from vedette.output.safe import visible

    loaded = hunts.load(paths)
    rows = [
        (
            Path(hunt.rule.file).stem,
            hunt.type.name,
            hunt.level,
            ("" if hunt.enabled else "off, ") + str(hunt.schedule or "no schedule"),
            hunt.rule.title,
        )
        for hunt in loaded.hunts
    ]
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(4)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo(visible("  ".join([*cells, row[4]])))
    for error in loaded.refused:
        click.echo(visible(f"hunt refused: {error}"), err=True)
    click.echo(f"{len(loaded):,} hunts, {len(loaded.refused):,} refused", err=True)
    return 2 if loaded.refused else 0
