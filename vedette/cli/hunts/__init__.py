"""`vedette hunts`: list, check, run and test hunts."""

from __future__ import annotations

import click

from vedette.cli.hunts.check import check
from vedette.cli.hunts.list import list_hunts
from vedette.cli.hunts.run import run
from vedette.cli.hunts.schema import schema
from vedette.cli.hunts.test import test


@click.group("hunts")
def command() -> None:
    """List hunts, check and test them, and run one now.

    A hunt asks one question of a span of time: on a schedule, as part of `vedette run`, or now.

    \b
    Over files:      vedette hunts run NAME --input logs/
    Over a cluster:  vedette hunts run NAME -c vedette.yml --from 2026-11-01 --dry-run
    """


for each in (list_hunts, check, test, run, schema):
    command.add_command(each)
