"""The command `vedette`: finds the sub-command, and turns errors into words and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import StringIO
from typing import Any

import click

from engine.errors import VedetteError
from vedette import __version__

USAGE = 3
"""Exit code of a usage or input error."""

READER_GONE = 141
"""Exit code when whoever read standard output went away (128 + SIGPIPE)."""

INTERNAL = 70
"""Exit code of a fault of our own (EX_SOFTWARE)."""

COMMANDS = {
    "hunt": "Search files of events with Sigma rules.",
    "run": "Watch an index or a folder, and keep alerts.",
    "gaps": "List what was skipped, late, capped or failed.",
    "backfill": "Evaluate a window of time once more.",
    "replay": "Write dead letters anew.",
    "alerts": "Look at what became of alerts.",
    "incidents": "Look at alerts that are one story.",
    "explain": "Say why there is an alert, in words.",
    "feedback": "Say what alerts were, and see what that changes.",
    "report": "Report on the alerts of some days.",
    "demo": "Show the engine on a small made-up intrusion.",
    "init": "Write a commented configuration.",
    "config": "Check and show the configuration.",
    "setup": "Make ready in the cluster what a run needs.",
    "doctor": "Look whether all is well.",
    "status": "Say how far sources were read.",
    "logs": "Look whether logs are fit for detection.",
    "rules": "Check, test, explain and convert rules.",
    "hunts": "List, check, test and run hunts.",
    "models": "Fit models, and score events with them.",
    "evaluate": "Measure detectors on public data sets.",
    "coverage": "Say what sees each ATT&CK technique.",
    "mitre": "Look up ATT&CK ids, update the catalogue.",
}
"""Each command and its line in the help; a command's module is imported only when it is used."""


class ReaderGoneError(Exception):
    """Nobody reads standard output any more (`| head`)."""


class LazyGroup(click.Group):
    """A group whose commands live in `vedette.cli.<name>` as `command`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; click and rich would end a broken pipe with 1, which means alerts."""
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, SystemExit) as error:
            if isinstance(error, SystemExit) and not isinstance(error.__context__, BrokenPipeError):
                raise
            raise ReaderGoneError from error

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


def _tell_version(context: click.Context, _option: click.Parameter, asked: bool) -> None:
    """The version, and which of the quick ways this installation has."""
    if not asked or context.resilient_parsing:
        return
    from importlib.util import find_spec

    from engine.match.native import NATIVE

    ways = f"native reader: {'yes' if NATIVE else 'no'}"
    ways += f", Hyperscan: {'yes' if find_spec('hyperscan') else 'no'}"
    click.echo(f"vedette {__version__} ({ways})")
    context.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_tell_version,
              help="Show the version and exit.")  # fmt: skip
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
    _open_closed_streams()
    try:
        code = cli.main(arguments, prog_name="vedette", standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = _say("stopped", 130)
    except click.ClickException as error:
        code = _usage(error)
    except VedetteError as error:
        code = _say(str(error), USAGE)
    except ReaderGoneError:
        _discard_output()
        code = READER_GONE
    except Exception as error:
        if "--debug" in arguments:
            raise
        code = _failed(error)
    sys.exit(code if isinstance(code, int) else 0)


def _failed(error: Exception) -> int:
    """Say what no one foresaw: the system refused (disk full), or the fault is ours."""
    if isinstance(error, OSError) and error.strerror:
        _discard_output()
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return _say(f"{where}{error.strerror}", USAGE)
    kind = type(error).__name__
    return _say(f"a fault in vedette: {kind}: {error} ('vedette --debug …' shows where)", INTERNAL)


def _usage(error: click.ClickException) -> int:
    """Show what click has to say; it repeats words that the terminal must not obey."""
    from vedette.output.safe import visible_lines

    shown = StringIO()
    error.show(shown)
    click.echo(visible_lines(shown.getvalue().rstrip("\n")), err=True)
    return USAGE


def _open_closed_streams() -> None:
    """A closed standard stream (`>&-`) is None in Python; read nothing from it, write nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def _discard_output() -> None:
    """Send what stdout still holds nowhere: Python would fail on it again at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return  # no file behind it


def _say(text: str, code: int) -> int:
    from vedette.output.safe import visible

    for line in text.splitlines() or [text]:
        click.echo(f"vedette: {visible(line)}", err=True)
    return code


if __name__ == "__main__":
    entry()
