"""`vedette feedback add`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from vedette.cli.options import CONFIG, load_settings, word

VERDICTS = ("true", "benign", "false", "duplicate")
"""Said here again: their own module is slow to import."""


@click.command("add")
@click.argument("ids", nargs=-1, required=True, metavar="ALERT_ID...")
@CONFIG
@click.option("--verdict", required=True, metavar="VERDICT", help=f"One of {', '.join(VERDICTS)}.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for whoever reads it later.")
@click.option("--by", metavar="NAME", help="Who says so.  [default: the user of the system]")
@click.option("--of", metavar="ALERT_ID", help="With duplicate: the alert it is the same as.")
def add(
    ids: tuple[str, ...],
    path: Path | None,
    verdict: str,
    reason: str,
    by: str | None,
    of: str | None,
) -> int:
    """Say what alerts were: true, benign (right, but allowed here), false or duplicate.

    ALERT_ID is an alert's id in the configured store, or the first six digits of it or more. What
    the verdict moves is said, and kept.
    """
    from vedette import feedback
    from vedette.output.safe import visible
    from vedette.stored import opened

    chosen = word("--verdict", verdict, VERDICTS) or ""
    settings = load_settings(path).settings
    with opened(settings) as store:
        done = feedback.add(
            store, ids, chosen, reason, by or feedback.somebody(), datetime.now(UTC), of
        )
    for each, moved in done:
        subject = each.subject
        click.echo(visible(f"{subject.alert}  {each.verdict}: {subject.name}"))
        for action in moved:
            told = action.document
            at = f" on {told['entity']}" if told["entity"] else ""
            what = "confidence" if told["what"] == "confidence" else "threshold times"
            click.echo(visible(f"  {what}{at}: {told['from']:.3g} to {told['to']:.3g}"))
    return 0
