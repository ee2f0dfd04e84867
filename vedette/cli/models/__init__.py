"""`vedette models`: tune, fit, update, score, list and show models."""

from __future__ import annotations

import click

from vedette.cli.models.drift import drift
from vedette.cli.models.fit import fit
from vedette.cli.models.list import list_models
from vedette.cli.models.score import score
from vedette.cli.models.show import show
from vedette.cli.models.tune import tune
from vedette.cli.models.update import update


@click.group("models")
def command() -> None:
    """Fit models on what is normal, and say how strange other events are.

    A model here is a set of detectors that learned from the same events. It lies in the state
    directory under a name.

    \b
    Learn:     vedette models fit office logs/normal/
    Ask:       vedette models score office logs/today.ndjson
    Learn on:  vedette models update office logs/today.ndjson
    """


for each in (fit, update, score, drift, list_models, show, tune):
    command.add_command(each)
