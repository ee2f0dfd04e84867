"""`vedette models list`."""

from __future__ import annotations

from pathlib import Path

import click

from vedette.cli.options import CONFIG, load_settings


@click.command("list")
@CONFIG
def list_models(path: Path | None) -> int:
    """List the models in the state directory and those that come with Vedette.

    Shown are name, events learned, when fitted, detectors.

    Exits with 1 when one of them cannot be read.
    """
    from models.bundle import keep
    from models.errors import ModelError
    from vedette import bundles
    from vedette.output.safe import visible

    state, code = load_settings(path).settings.state.dir, 0
    for name in bundles.names(state):
        try:
            told = keep.read(bundles.found_at(state, name))
        except ModelError as error:
            click.echo(visible(f"{name}: {error}"), err=True)
            code = 1
            continue
        training = told["training"]
        detectors = ", ".join(told["detectors"])
        click.echo(visible(f"{name}  {training.get('events')} events  "
                           f"fitted {training.get('fitted')}  {detectors}"))  # fmt: skip
    return code
