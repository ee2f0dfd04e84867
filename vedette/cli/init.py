"""`vedette init`: write a commented configuration."""

from __future__ import annotations

from pathlib import Path

import click

from engine.errors import InputError


@click.command("init")
@click.argument("path", default="vedette.yml", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@click.option("--cluster", metavar="URL", help="Read events from, and store alerts in, a cluster.")
def command(path: Path, force: bool, cluster: str | None) -> None:
    """Write a configuration with every setting explained.

    As written it watches the folder 'inbox' beside it and keeps alerts in a SQLite file; with
    --cluster it polls 'logs-*' of an Elasticsearch or OpenSearch cluster.
    """
    from vedette.settings.template import render

    text = render(_checked(cluster) if cluster is not None else None)
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise InputError(
            "a file is already there", file=str(path), expected="another path, or --force"
        ) from error
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(path)) from error
    click.echo(f"wrote {path}")
    click.echo("next:")
    for number, step in enumerate(_steps(path, cluster), 1):
        click.echo(f"  {number}. {step}")


def _checked(url: str) -> str:
    from pydantic import TypeAdapter, ValidationError

    from vedette.settings.values import HostUrl

    try:
        host: str = TypeAdapter(HostUrl).validate_python(url)
    except ValidationError as error:
        context = error.errors(include_url=False, include_input=False)[0]["ctx"]
        raise InputError(
            context["message"], field="--cluster", expected=context["expected"]
        ) from None
    return host


def _steps(path: Path, cluster: str | None) -> list[str]:
    if cluster is None:
        first = f"make the folder {path.parent / 'inbox'} and put files of events in it"
    else:
        first = "set the cluster's user or API key and the index to read"
    option = "" if path == Path("vedette.yml") else f" -c {path}"
    return [
        first,
        f"vedette config check{option}",
        f"vedette run -c {path}",
    ]
