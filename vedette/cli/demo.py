"""`vedette demo`: the engine on a made-up day with an intrusion in it; no cluster, no network."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from vedette.cli.options import PATH

MODEL = "demo-office"
"""What ordinary days of the demo's office are like; it comes with Vedette."""


@click.command()
@click.option(
    "--output",
    "folder",
    type=PATH,
    default=Path("out"),
    show_default=True,
    metavar="FOLDER",
    help="Where the events, the alerts and the report are written.",
)
@click.option("--seed", default=7, show_default=True, help="Another seed, another day.")
@click.option(
    "--events",
    "ordinary",
    type=click.IntRange(min=0, max=1_000_000),
    default=4000,
    show_default=True,
    help="How many ordinary events hide the intrusion.",
)
def command(folder: Path, seed: int, ordinary: int) -> int:
    """Hunt through a made-up day of a small company.

    Writes a few thousand ordinary events of Windows, Linux, web and cloud logs with a short
    intrusion between them, searches them with Vedette's own rules and a model of ordinary days,
    shows the alerts and writes a report page. The same seed makes the same events.
    """
    from engine.errors import InputError, Problems
    from engine.rule import Selection
    from vedette import bundles, rulesets
    from vedette.cli.hunt import write_report
    from vedette.demo import write
    from vedette.hunt import Hunt, hunt
    from vedette.output.console import wants_color
    from vedette.output.safe import visible
    from vedette.output.writers import writer

    events, report = folder / "demo-events.ndjson", folder / "demo-report.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(events, seed=seed, ordinary=ordinary)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(folder)) from error
    rules = rulesets.load([], Selection())
    rulesets.tell(rules)
    problems = Problems()
    # what comes with Vedette: no state directory has a say
    models = bundles.models(folder / "no models here", [MODEL], problems)
    out = writer("table", sys.stdout, width=None, color=wants_color(sys.stdout))
    plan = Hunt([events], rules, report_alerts=True, models=models, unscored=tuple(problems))
    outcome = hunt(plan, out)
    out.close(outcome.summary)
    click.echo()
    write_report(
        outcome, report, "A made-up day, with an intrusion in it", f"vedette demo --seed {seed}"
    )
    again = f"vedette hunt {events} --models {MODEL} --output ndjson"
    click.echo(visible(f"Events: {events.resolve()}  (search them yourself: {again})"), err=True)
    return 0
