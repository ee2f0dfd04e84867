"""`vedette rules`: list, check, test, explain, measure and convert rules."""

from __future__ import annotations

import click

from vedette.cli.rules.check import check
from vedette.cli.rules.convert import convert
from vedette.cli.rules.coverage import coverage
from vedette.cli.rules.explain import explain
from vedette.cli.rules.fields import fields
from vedette.cli.rules.list import list_rules
from vedette.cli.rules.test import test


@click.group("rules")
def command() -> None:
    """List rules, check and test them, and say what they do.

    \b
    While writing a rule:   vedette rules check my-rules/
                            vedette rules test my-rules/
                            vedette rules explain my-rules/new.yml event.json
    """


for each in (list_rules, check, test, explain, fields, coverage, convert):
    command.add_command(each)
