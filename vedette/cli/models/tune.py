"""`vedette models tune`."""

from __future__ import annotations

from pathlib import Path

import click

from vedette.cli.models.bar import Bar
from vedette.cli.models.sources import Public, Reading, gather, reading
from vedette.cli.options import CONFIG, PATH, load_settings


@click.command("tune")
@click.argument("folder", type=PATH)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@CONFIG
@click.option(
    "--steps", type=click.IntRange(1), default=200, show_default=True, metavar="N",
    help="Steps of 64 pairs of lines.",
)  # fmt: skip
@reading("30d")
@click.option(
    "--mask", multiple=True, metavar="FIELD",
    help="Learn nothing of this field's values; may be repeated.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0), metavar="INTEGER", default=0, show_default=True,
    help="Of all that is drawn by chance.",
)  # fmt: skip
def tune(
    folder: Path,
    sources: tuple[str, ...],
    path: Path | None,
    steps: int,
    read: Reading,
    mask: tuple[str, ...],
    seed: int,
) -> int:
    """Tune the encoder of texts on the messages of SOURCE, and write it into FOLDER.

    No labels are needed. A table says how well lines of templates that it was not tuned on find
    each other, before and after. `vedette models fit --encoder FOLDER` uses it.
    """
    from models.bundle.plan import Plan
    from models.embed.retrieval import table
    from models.embed.tune import Tuning
    from vedette import encoders, hiding

    settings = load_settings(path).settings
    plan = Plan(mask=mask)
    said = encoders.Said(hiding.of(plan, b""))
    gather(sources, settings, read, Public(None, plan.width), said)
    lines = encoders.parted(said.texts, seed)
    with Bar(steps) as bar:
        rows = encoders.tuned(
            lines, folder, Tuning(steps=steps, seed=seed),
            lambda number, loss: bar.step(number + 1, f"tuning, loss {loss:.3f}"),
        )  # fmt: skip
    others = f"{len(lines.asked):,} lines of {len({*lines.templates}):,} other templates"
    click.echo(f"tuned on {len(lines.learned):,} lines; {others} look for each other", err=True)
    click.echo(table(rows))
    (_, before), (_, after) = rows
    if after.precision < before.precision:
        click.echo("these lines find each other worse than before: better leave it", err=True)
    return 0
