"""`vedette feedback`: say what alerts were, and see what that changes."""

from __future__ import annotations

import click

from vedette.cli.feedback.add import add
from vedette.cli.feedback.effect import effect
from vedette.cli.feedback.exceptions import exceptions
from vedette.cli.feedback.export import export
from vedette.cli.feedback.list import list_verdicts
from vedette.cli.feedback.train import train


@click.group("feedback")
def command() -> None:
    """Say what alerts were, and see what that changes.

    Verdicts are kept beside the alerts, and never changed: a later one on the same alert counts in
    the place of an earlier.

    \b
    Judge:     vedette feedback add 4485495c --verdict false --reason "our own scanner"
    Look:      vedette feedback effect
    Except:    vedette feedback exceptions > my-rules/exceptions/judged.yml
    """


for each in (add, list_verdicts, effect, exceptions, export, train):
    command.add_command(each)
