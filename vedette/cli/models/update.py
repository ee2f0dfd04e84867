"""`vedette models update`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vedette.cli.models.bar import Learning
from vedette.cli.models.sources import ALLOW, DATA, WITHOUT, Public, Reading, gather, reading
from vedette.cli.models.span import Span, span_options
from vedette.cli.options import CONFIG, load_settings, word

if TYPE_CHECKING:
    from models.bundle.update import Change, Updated

FORMATS = ("table", "json")


@click.command("update")
@click.argument("name")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@CONFIG
@reading("24h")
@DATA
@span_options
@WITHOUT
@ALLOW
@click.option("--anyway", is_flag=True, help="Keep what is learned though old data are told worse.")
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
def update(
    name: str,
    sources: tuple[str, ...],
    path: Path | None,
    read: Reading,
    data: Path | None,
    since: str | None,
    until: str | None,
    without: Path | None,
    allow: tuple[str, ...],
    anyway: bool,
    form: str | None,
) -> int:
    """Let the model NAME learn on from the newer events of SOURCE, all held to be normal.

    It shows how well old windows are told from strange ones made of them, before and after. What
    costs more than .01 of that is not kept. Exits with 1 where nothing is.
    """
    from vedette import bundles, hiding, sanity, updates
    from vedette.attacks import Attacks
    from vedette.output.safe import visible

    shown = word("--output", form, FORMATS) or "table"
    settings = load_settings(path).settings
    state = settings.state.dir
    model = bundles.model(state, name, hiding.key_of(settings.models))
    plan = model.bundle.plan
    updates.check(model)
    bundles.require_room(bundles.folder_of(state, name))
    attacks = Attacks.read(without, plan.width) if without else None
    span = Span.of(since, until, plan.width)
    gathered = bundles.Gathered(
        attacks, model.privacy, with_edges=plan.edges, by_name=plan.volumes, within=span,
        signals=plan.signals, by=plan.by,
    )  # fmt: skip
    public = Public(data, plan.width, learn=True, apart=plan.step is None)
    gather(sources, settings, read, public, gathered, span)
    for finding in sanity.of_update(gathered, plan, model.training, allow):
        click.echo(visible(f"warning: {finding}"), err=True)
    with Learning(len(plan.detectors), plan.folds) as learning:
        done = updates.update(model.bundle, gathered, learning.begin, anyway=anyway)
    written = None
    if done.whole.kept:
        written = updates.write(done, gathered, state, model, lambda: datetime.now(UTC))
    if shown == "json":
        click.echo(json.dumps({
            "name": name, "kept": written is not None,
            "revision": written[0] if written else model.training.get("revision", 1),
            "sha256": written[1] if written else model.sha256,
            "events": len(gathered.observations), "windows": done.windows,
            "new_kinds": done.kinds, "moved": done.moved,
            "alarms": {"p": 0.01, "old": {"before": done.before[0], "after": done.after[0]},
                       "new": {"before": done.before[1], "after": done.after[1]}},
            "detectors": [updates.change(each) for each in done.changes],
            "whole": updates.change(done.whole),
        }, indent=1))  # fmt: skip
        return 0 if written else 1
    for line in _table(done):
        click.echo(visible(line))
    if written:
        click.echo(visible(f"{name}: revision {written[0]}, {len(gathered.observations):,} events "
                           f"in {done.windows:,} windows learned beside {done.old:,}, "
                           f"{done.kinds:,} new kinds, sha256 {written[1]}"))  # fmt: skip
        return 0
    click.echo(visible(f"{name}: stays as it was: all together, old data would be told worse by "
                       f"more than .01 (--anyway learns even so)"))  # fmt: skip
    return 1


def _table(done: Updated) -> list[str]:
    """PR-AUC of old windows by detector, and how many windows would be told."""
    changes = [*done.changes, done.whole]
    wide = max(len(each.name) for each in changes)
    lines = [f"{'PR-AUC of old data':{wide}}  before  after    lost"]
    for each in changes:
        lost = each.before - each.after
        lines.append(f"{each.name:{wide}}  {each.before:.4f}  {each.after:.4f}  {lost:+.4f}  "
                     f"{_said(each)}".rstrip())  # fmt: skip
    lines += [
        f"p up to .01: {before:.2%} of {what} windows before, {after:.2%} after"
        for what, before, after in zip(("old", "new"), done.before, done.after, strict=True)
    ]
    if done.moved:
        lines.append(f"{done.moved:,} events have the number of another kind than before")
    return lines


def _said(change: Change) -> str:
    if not change.how:
        return ""
    return change.how if change.kept else f"stays as it was ({change.how}, it lost more than .01)"
