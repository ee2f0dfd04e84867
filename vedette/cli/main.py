"""The command `vedette`: finds the sub-command, and turns errors into words and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from engine.errors import VedetteError

USAGE = 3
"""Exit code of a usage or input error."""

INTERNAL = 70
"""Exit code of a fault of our own (EX_SOFTWARE)."""

COMMANDS = {
    "hunt": "Search files of events with Sigma rules.",
    "run": "Watch an index or a folder, and keep alerts.",
    "demo": "Show the engine on a small made-up intrusion.",
    "init": "Write a commented configuration.",
    "config": "Check and show the configuration.",
    "rules": "List rules and run the tests inside them.",
    "mitre": "Look up ATT&CK ids, update the catalogue.",
}
"""Each command and its line in the help; a command's module is imported only when it is used."""


class LazyGroup(click.Group):
    """A group whose commands live in `vedette.cli.<name>` as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's signature
        """All commands, in the order a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command when it is asked for."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"vedette.cli.{cmd_name}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none of that name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from engine.errors import nearest_name

            nearest = nearest_name(args[0], COMMANDS) if args else None
            if nearest is None:
                raise
            message = f"{error.message} Did you mean {nearest!r}?"
            raise click.UsageError(message, ctx=error.ctx) from error


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="vedette", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
def cli(debug: bool) -> None:
    """Vedette finds attacks in security logs.

    Sigma rules in; alerts mapped to MITRE ATT&CK out. Events come from files or from an
    Elasticsearch or OpenSearch cluster.

    \b
    Try it:            vedette demo
    Search files:      vedette hunt logs/ --rules my-rules/
    Watch a cluster:   vedette init && vedette run -c vedette.yml
    """
    del debug  # read by `entry`, which stands outside every command


def entry(arguments: list[str] | None = None) -> None:
    """Run the command line and exit. No traceback reaches a user who did not ask for it."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code = cli.main(arguments, prog_name="vedette", standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.Abort:
        code = _say("stopped", 130)
    except click.ClickException as error:
        error.show()
        code = USAGE
    except VedetteError as error:
        code = _say(str(error), USAGE)
    except KeyboardInterrupt:
        code = _say("stopped", 130)
    except BrokenPipeError:
        # the reader went away (`| head`); leave stdout closed so that Python does not complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except Exception as error:
        if "--debug" in arguments:
            raise
        text = f"a fault in vedette: {type(error).__name__}: {error} (--debug shows where)"
        code = _say(text, INTERNAL)
    sys.exit(code if isinstance(code, int) else 0)


def _say(text: str, code: int) -> int:
    from vedette.output.safe import visible

    for line in text.splitlines() or [text]:
        click.echo(f"vedette: {visible(line)}", err=True)
    return code


if __name__ == "__main__":
    entry()
