"""`vedette models drift`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from vedette.cli.models.sources import DATA, Public, Reading, gather, reading
from vedette.cli.models.span import Span, span_options
from vedette.cli.options import CONFIG, load_settings, word

FORMATS = ("table", "json")


@click.command("drift")
@click.argument("name")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@CONFIG
@reading("24h")
@DATA
@span_options
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
def drift(
    name: str,
    sources: tuple[str, ...],
    path: Path | None,
    read: Reading,
    data: Path | None,
    since: str | None,
    until: str | None,
    form: str | None,
) -> int:
    """Say whether the events of SOURCE are still like those that the model NAME learned from.

    Exits with 1 where they are not. A run looks at the end of each day by itself.
    """
    from engine.errors import InputError
    from engine.score.drift import GAP, Kept, measured, stranger
    from models.drift.drift import drifted
    from models.errors import ModelError
    from vedette import bundles, hiding
    from vedette.moved import moved
    from vedette.output.safe import visible

    shown = word("--output", form, FORMATS) or "table"
    settings = load_settings(path).settings
    model = bundles.model(settings.state.dir, name, hiding.key_of(settings.models))
    bundle = model.bundle
    plan = bundle.plan
    span = Span.of(since, until, plan.width)
    gathered = bundles.Gathered(
        privacy=model.privacy, with_edges=plan.edges, within=span, signals=plan.signals, by=plan.by
    )
    public = Public(data, plan.width, apart=plan.step is None)
    gather(sources, settings, read, public, gathered, span)
    kept = Kept()
    try:
        answered = bundle.score(gathered.observations)
        if span is not None and plan.step is not None:  # parts of others are of other times
            answered = [each for each in answered if span.whole(each.window.start, each.window.end)]
        for scored in answered:
            kept.take(scored)
        drifts = measured(bundle, kept)
        others = moved(bundle, gathered.observations, answered) if drifts else []
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error
    parted = bool(stranger(drifts, bundle, kept))
    if shown == "json":
        told = {"drifted": parted, "windows": kept.seen, "unseen": kept.share,
                "measures": [asdict(each) for each in [*drifts, *others]]}  # fmt: skip
        click.echo(json.dumps(told))
        return 1 if parted else 0
    if not drifts:
        click.echo(f"{kept.seen:,} windows are too few to say anything")
        return 0
    verdict = "are stranger than" if parted else "are like"
    click.echo(f"{kept.seen:,} windows {verdict} those that {name} learned from")
    for each in drifts:
        click.echo(visible(f"  {each.words()}"))
    if drifted(drifts) and not parted:
        click.echo(f"  too little to be told: less than {GAP:g} apart, or not stranger")
    for each in others:
        click.echo(visible(f"  {each.words()}"))
    click.echo(f"  {kept.share:.1%} of events are of kinds that it never saw")
    return 1 if parted else 0
