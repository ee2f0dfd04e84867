"""docs/commands.md says of each command what click knows of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from tests.docs.pages import page, rows
from vedette.cli import main
from vedette.cli.main import cli

PAGE = page("docs/commands.md")


def commands(command: click.Command, name: str = "vedette") -> Iterator[tuple[str, click.Command]]:
    """The command and all below it, by full name."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found is not None
            yield from commands(found, f"{name} {sub}")


COMMANDS = dict(commands(cli))
EACH = pytest.mark.parametrize("name", COMMANDS)


@EACH
def test_the_options_of_a_command_are_those_in_its_table(name: str) -> None:
    options = [p for p in COMMANDS[name].params if isinstance(p, click.Option)]
    known = {tuple(sorted([*option.opts, *option.secondary_opts])) for option in options}
    told = {
        tuple(sorted(re.findall(r"`(--?[\w-]+)", row[0])))
        for row in rows(PAGE.section(name))
        if row[0].startswith("`-")
    }
    assert told == known


@EACH
def test_the_usage_line_of_a_command_is_clicks_own(name: str) -> None:
    context = click.Context(COMMANDS[name], info_name=name)
    usage = " ".join(["Usage:", name, *COMMANDS[name].collect_usage_pieces(context)])
    assert f"```\n{usage}\n```" in PAGE.section(name)


@EACH
def test_a_default_in_the_table_is_the_options_own(name: str) -> None:
    defaults = {
        opt: str(option.default)
        for option in COMMANDS[name].params
        if isinstance(option, click.Option) and option.show_default is True
        for opt in option.opts
        if opt.startswith("--")
    }
    told = {
        opt: given[1].strip("`")
        for row in rows(PAGE.section(name))
        for opt in re.findall(r"`(--[\w-]+)", row[0])
        if opt in defaults and (given := re.search(r"Default: (\S+?)\.?$", row[1]))
    }
    assert told == defaults


def test_no_section_is_of_a_command_that_does_not_exist() -> None:
    headings = re.findall(r"^## (vedette.*)$", PAGE.text, re.MULTILINE)
    assert sorted(headings) == sorted(COMMANDS)


def test_the_exit_codes_of_the_shell_are_in_the_table() -> None:
    told = {int(row[0]) for row in rows(PAGE.section("Exit codes"))}
    assert {0, 1, 2, main.USAGE, main.INTERNAL, 130, 141} == told
