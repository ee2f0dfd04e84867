"""`vedette models list`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from vedette.cli.models import detectors as known
from vedette.cli.options import CONFIG, load_settings, word

FORMATS = ("table", "json")


@click.command("list")
@CONFIG
@click.option("--detectors", is_flag=True, help="List the detectors that models are made of.")
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
def list_models(path: Path | None, detectors: bool, form: str | None) -> int:
    """List the models in the state directory and those that come with Vedette.

    Shown are name, events learned, when fitted, detectors. With --detectors, all detectors that a
    model can have: what each says, where it is from, and its arguments with their defaults, for
    `vedette models fit --set`.

    Exits with 1 when one of them cannot be read.
    """
    from models.bundle import keep
    from models.errors import ModelError
    from vedette import bundles
    from vedette.output.safe import visible

    shown = word("--output", form, FORMATS) or "table"
    if detectors:
        kinds = known.fittable().values()
        if shown == "json":
            click.echo(json.dumps([known.as_json(kind) for kind in kinds], indent=1))
        for line in (line for kind in kinds for line in known.in_words(kind) if shown == "table"):
            click.echo(line)
        return 0
    rows = []
    state, code = load_settings(path).settings.state.dir, 0
    for name in bundles.names(state):
        try:
            told = keep.read(bundles.found_at(state, name))
        except ModelError as error:
            click.echo(visible(f"{name}: {error}"), err=True)
            code = 1
            continue
        training = told["training"]
        rows.append({"name": name, "training": training, "detectors": list(told["detectors"])})
        if shown == "table":
            having = ", ".join(told["detectors"])
            click.echo(visible(f"{name}  {training.get('events')} events  "
                               f"fitted {training.get('fitted')}  {having}"))  # fmt: skip
    if shown == "json":
        click.echo(json.dumps(rows, indent=1))
    return code
