"""`vedette report`: what the alerts of some days amount to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from vedette.cli.options import CONFIG, PATH, duration, load_settings, moment

ENDINGS = (".html", ".eml", ".txt")


@click.command("report")
@CONFIG
@click.option(
    "--since", default="7d", show_default=True, metavar="DURATION|TIME",
    help="From when on: so far back, or a time (UTC).",
)  # fmt: skip
@click.option("--until", metavar="TIME", help="Up to when (UTC).  [default: now]")
@click.option(
    "--output", "-o", "file", type=PATH, metavar="FILE",
    help="Write a page (.html), a mail (.eml) or text (.txt).  [default: text, to be read here]",
)  # fmt: skip
@click.option("--to", "address", metavar="ADDRESS", help="Of a mail: to whom.")
def command(
    path: Path | None, since: str, until: str | None, file: Path | None, address: str | None
) -> int:
    """Report on the alerts of some days: how many, of which rules and techniques, how often right.

    Also the rules that never fired, drift of models, and what was held back or lost. The page has
    no scripts and loads nothing, so that a mail can carry it.
    """
    from engine.errors import InputError
    from vedette.digest.collect import collect
    from vedette.digest.text import lines
    from vedette.output.safe import visible

    if file is not None and file.suffix.lower() not in ENDINGS:
        raise InputError("cannot tell what to write", file=str(file), field="--output",
                         expected="a name that ends in " + ", ".join(ENDINGS))  # fmt: skip
    end = moment("--until", until) or datetime.now(UTC)
    start = _start(since, end)
    if start >= end:
        raise InputError("not after --since, so no alert can be meant", field="--until")
    figures = collect(load_settings(path).settings, start, end)
    text = "\n".join(map(visible, lines(figures))) + "\n"
    if file is None:
        click.echo(text, nl=False)
        return 0
    _write(file, _rendered(file, figures, text, address))
    click.echo(visible(f"Report: {file.resolve()}"), err=True)
    return 0


def _rendered(file: Path, figures: object, text: str, address: str | None) -> bytes:
    from engine.errors import InputError
    from vedette import __version__
    from vedette.digest.figures import Figures
    from vedette.digest.mail import mail
    from vedette.digest.page import page

    assert isinstance(figures, Figures)
    if file.suffix.lower() == ".txt":
        return text.encode()
    html = page(figures, __version__)
    if file.suffix.lower() == ".html":
        return html.encode()
    subject = (
        f"Vedette: {figures.total:,} alerts, {figures.since:%Y-%m-%d} to {figures.until:%m-%d}"
    )
    try:
        return mail(subject, text, html, address, figures.until)
    except ValueError as error:
        raise InputError("is no address of a mail", field="--to") from error


def _start(since: str, end: datetime) -> datetime:
    """A time, or a duration before the end."""
    from engine.errors import InputError

    try:
        found = moment("--since", since)
    except InputError:
        return end - duration(since, "--since")
    assert found is not None
    return found


def _write(file: Path, content: bytes) -> None:
    from engine.errors import InputError

    try:
        file.write_bytes(content)
    except OSError as error:
        message = f"cannot write the report: {error.strerror}"
        raise InputError(message, file=str(file)) from error
