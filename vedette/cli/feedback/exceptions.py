"""`vedette feedback exceptions`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from vedette.cli.options import CONFIG, load_settings


@click.command("exceptions")
@CONFIG
def exceptions(path: Path | None) -> int:
    """Propose exceptions for what was judged false or benign, as YAML ready to be put among rules.

    An exception is proposed where three such alerts of one rule or more share values. It asks for
    all that they share, never holds back an alert that was judged true, and has a test inside.
    """
    import yaml

    from vedette import feedback
    from vedette.output.safe import visible, visible_lines
    from vedette.stored import opened

    gone: list[str] = []
    with opened(load_settings(path).settings) as store:
        found = list(feedback.proposed(store, gone))
    today = datetime.now(UTC).date()
    texts = [
        yaml.safe_dump(each.document(today), sort_keys=False, allow_unicode=False, width=100)
        for each in found
    ]
    click.echo(visible_lines("---\n".join(texts)), nl=False)
    if gone:
        click.echo(f"{len(gone):,} judged alerts are not in the store any more", err=True)
    for each in found:
        click.echo(visible(f"{len(each.judged):,} alerts of {each.name}"), err=True)
    if not found:
        click.echo("No exception is proposed.", err=True)
    return 0
