"""`vedette rules convert`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from vedette.cli.options import PATH


@click.command("convert")
@click.argument("paths", nargs=-1, type=PATH, metavar="[PATH...]")
@click.option("--target", "-t", required=True, metavar="BACKEND", help="Installed pySigma backend.")
@click.option(
    "--pipeline",
    "-p",
    "pipelines",
    multiple=True,
    metavar="NAME|FILE",
    help="Processing pipeline, installed or a file; may be repeated.",
)
@click.option(
    "--without-pipeline", "bare", is_flag=True, help="Keep the rules' own names of fields."
)
@click.option(
    "--format",
    "-f",
    "form",
    default="default",
    show_default=True,
    metavar="FORMAT",
    help="One of the backend's formats.",
)
def convert(
    paths: tuple[Path, ...], target: str, pipelines: tuple[str, ...], bare: bool, form: str
) -> int:
    """Turn the rules under PATH (default: Vedette's own rules) into queries of another system.

    Uses the pySigma backends that are installed beside Vedette, and installs none.

    \b
      vedette rules convert -t lucene -p ecs_windows my-rules/

    Exits with 2 when a rule cannot be converted.
    """
    from vedette import rulesets
    from vedette.backends import backend_of
    from vedette.convert import convert as converted
    from vedette.output.safe import visible, visible_lines

    backend = backend_of(target, pipelines, form, bare=bare)
    found = converted(paths or [rulesets.OWN_RULES], backend, form)
    for query in found.queries:
        # a file or the next program gets the query as it is; a terminal may not obey it
        click.echo(visible_lines(query) if sys.stdout.isatty() else encodable(query))
    for error in found.refused:
        click.echo(visible(f"not converted: {error}"), err=True)
    return 2 if found.refused else 0


def encodable(text: str) -> str:
    """Text without lone surrogates, which no encoding has."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
