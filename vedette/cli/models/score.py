"""`vedette models score`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import InputError
from vedette.cli.models.sources import DATA, Public, Reading, gather, reading
from vedette.cli.models.span import Span, span_options
from vedette.cli.models.steps import WAYS
from vedette.cli.models.steps import options as steps_options
from vedette.cli.options import CONFIG, load_settings, word

if TYPE_CHECKING:
    from models.bundle.bundle import Bundle, Scored
    from vedette.bundles import Answer
    from vedette.steps import Steps

FORMATS = ("table", "ndjson", "json")


@click.command("score")
@click.argument("name")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@CONFIG
@click.option(
    "--p", "most", type=click.FloatRange(0, 1, min_open=True), default=0.01, show_default=True,
    metavar="P", help="Show windows with a p up to this; 1 shows all.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Show so many windows at most.")
@reading("24h")
@DATA
@steps_options
@span_options
@click.option(
    "--output", "-o", "form", metavar="FORMAT", help="table, ndjson or json.  [default: table]"
)
def score(
    name: str,
    sources: tuple[str, ...],
    path: Path | None,
    most: float,
    limit: int | None,
    read: Reading,
    data: Path | None,
    stepwise: bool,
    by: str | None,
    since: str | None,
    until: str | None,
    form: str | None,
) -> int:
    """Say which windows of the events of SOURCE are strange to the model NAME, and why.

    p is the share of normal windows that would look as strange; the strangest comes first.
    """
    from vedette import bundles, hiding, sanity

    shown = word("--output", form, FORMATS) or "table"
    settings = load_settings(path).settings
    model = bundles.model(settings.state.dir, name, hiding.key_of(settings.models))
    plan = model.bundle.plan
    steps = _steps(model.bundle, name, stepwise, by)
    public = Public(data, plan.width, apart=plan.step is None)
    span = Span.of(since, until, plan.width)
    gathered = bundles.Gathered(
        privacy=model.privacy,
        with_edges=plan.edges,
        within=span,
        signals=plan.signals,
        by=plan.by,
    )
    gather(sources, settings, read, public, gathered, span)
    if finding := sanity.of_scored(gathered, model.training):
        click.echo(f"warning: {finding}", err=True)
    scored = bundles.scores(model.bundle, gathered)
    if span is not None and plan.step is not None:  # parts of these are of other times
        scored = [each for each in scored if span.whole(each.window.start, each.window.end)]
    found = list(islice(bundles.answers(model.bundle, gathered, scored, most), limit))
    if steps is not None:
        found = [
            replace(each, steps=steps.told(each.scored.window, gathered.observations))
            for each in found
        ]
    if shown == "json":
        click.echo(json.dumps([each.as_json() for each in found], ensure_ascii=True, indent=1))
    for each in found if shown == "ndjson" else ():
        click.echo(json.dumps(each.as_json(), ensure_ascii=True))
    for each in found if shown == "table" else ():
        _show(each)
    click.echo(f"{len(found):,} windows shown of {len(gathered.observations):,} events", err=True)
    if public.labelled is not None:
        click.echo(_labelled(scored, public.labelled, most), err=True)
    return 0


def _steps(bundle: Bundle, name: str, stepwise: bool, by: str | None) -> Steps | None:
    """What tells the surprising steps, if it is to; what it cannot is said on stderr."""
    way = word("--by", by, WAYS)
    if not stepwise:
        if way is not None:
            raise InputError("there are no steps to tell", field="--by", expected="--steps")
        return None
    from vedette.steps import Steps

    found, unable = Steps.of(bundle, way or WAYS[0], name)
    for line in unable:
        click.echo(f"warning: {line}", err=True)
    return found


def _labelled(scored: Sequence[Scored], attacks: set[tuple[str, float]], most: float) -> str:
    """How many attacks and other windows have a p up to `most`, by the labels of a public set."""
    told = [(each.p <= most, (str(each.window.entity), each.window.start) in attacks)
            for each in scored]  # fmt: skip
    true, false = ([strange for strange, attack in told if attack is wanted]
                   for wanted in (True, False))  # fmt: skip
    return (f"p up to {most:g}: {sum(true):,} of {len(true):,} windows that are labelled attacks, "
            f"{sum(false):,} of {len(false):,} others")  # fmt: skip


def _show(answer: Answer) -> None:
    from vedette.output.safe import visible

    told: dict[str, Any] = answer.as_json()
    mark = " (beyond all normals: extrapolated)" if told["extrapolated"] else ""
    if "first_stage" in told:
        mark += f", {told['first_stage']:.2g} before a second look"
    head = f"p {told['p']:.2g}{mark}  {told['start']}  {told['entity']}  {told['events']:,} events"
    click.echo(visible(head))
    for reason in told["explanation"]:
        click.echo(visible(f"    {reason['text']}"))
    if answer.steps is not None:
        from vedette.steps import lines

        for line in lines(answer.steps):
            click.echo(visible(f"  {line}"))
