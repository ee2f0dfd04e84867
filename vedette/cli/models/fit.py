"""`vedette models fit`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from vedette.cli.models.arguments import SET, assigned_to
from vedette.cli.models.bar import Learning
from vedette.cli.models.cut import cut, cut_options
from vedette.cli.models.sources import ALLOW, DATA, WITHOUT, Public, Reading, gather, reading
from vedette.cli.models.wanted import Wanted, wanted_options
from vedette.cli.options import CONFIG, load_settings

EMBEDDING = "embedding-hdbscan"
"""The detector that has an encoder."""


@click.command("fit")
@click.argument("name")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@CONFIG
@click.option(
    "--detector",
    "detectors",
    multiple=True,
    metavar="NAME",
    help="Only this detector of the default set, or another one; may be repeated.",
)
@SET
@click.option(
    "--features",
    multiple=True,
    metavar="NAME",
    help="What detectors of numbers look at: counts, figures, levels, times, words, characters or "
    "counter:FIELD; may be repeated.  [default: counts]",
)
@click.option(
    "--encoder",
    metavar="NAME",
    help="Of embedding-hdbscan: best, minilm, hashing, or the folder of one that was tuned.",
)
@click.option(
    "--validator",
    metavar="NAME",
    help="This detector looks again at what the others flag, and decides among these.",
)
@click.option(
    "--by-week", "week", type=click.FloatRange(-24, 24, min_open=True, max_open=True),
    metavar="HOURS",
    help="Tell p by the same part of the week, days and nights so many hours east of UTC.",
)  # fmt: skip
@cut_options
@reading("30d")
@DATA
@WITHOUT
@click.option(
    "--mask",
    multiple=True,
    metavar="FIELD",
    help="Learn nothing of this field's values, in messages neither; may be repeated.",
)
@click.option(
    "--hash",
    "hashed",
    multiple=True,
    metavar="FIELD",
    help="Learn hashes in place of this field's values, by models.hash_key_file; may be repeated.",
)
@ALLOW
@click.option(
    "--seed", type=click.IntRange(0), metavar="INTEGER", default=0, show_default=True,
    help="Of all that is drawn by chance.",
)  # fmt: skip
@wanted_options
def fit(
    name: str,
    sources: tuple[str, ...],
    path: Path | None,
    detectors: tuple[str, ...],
    assigned: tuple[str, ...],
    features: tuple[str, ...],
    encoder: str | None,
    validator: str | None,
    week: float | None,
    window: str | None,
    step: str | None,
    gap: str | None,
    by: str,
    read: Reading,
    data: Path | None,
    without: Path | None,
    mask: tuple[str, ...],
    hashed: tuple[str, ...],
    allow: tuple[str, ...],
    seed: int,
    wanted: Wanted,
) -> int:
    """Learn from the events of SOURCE, all held to be normal, and keep that as NAME.

    SOURCE is a file, a folder, - or the name of a configured source, or of a public set, whose
    training part is learned. What is scored is one window of time, or a session, of one host (or
    user, or address, where an event names no host).
    """
    from engine.errors import InputError
    from models.bundle.plan import DEFAULT, Plan
    from models.errors import ModelError
    from vedette import bundles, hiding, sanity
    from vedette.attacks import Attacks
    from vedette.output.safe import visible

    settings = load_settings(path).settings
    folder = bundles.folder_of(settings.state.dir, name)
    bundles.require_room(folder)
    chosen = {each: dict(DEFAULT.get(each, {})) for each in detectors or DEFAULT}
    if validator is not None:
        chosen.setdefault(validator, dict(DEFAULT.get(validator, {})))
    chosen = assigned_to(chosen, assigned)
    if encoder is not None:
        from vedette import encoders

        if EMBEDDING not in chosen:
            raise InputError(
                "no detector has an encoder", field="--encoder", expected=f"--detector {EMBEDDING}"
            )
        chosen[EMBEDDING] = {**chosen[EMBEDDING], "encoder": encoders.named(encoder)}
    told = cut(window, step, gap)
    width = told.width
    try:
        key = hiding.key_of(settings.models)
        plan = Plan(
            chosen, width, seed=seed, mask=mask, hashed=hashed, validator=validator or "",
            week=week, features=features, gap=told.gap, step=told.step, by=by,
        )  # fmt: skip
        plan = hiding.keyed(wanted.planned(plan), key)
        plan.require_libraries()
        for each in plan.detectors:
            plan.make(each)  # its arguments may not go together
        privacy = hiding.of(plan, key)
        hiding.refuse_by(plan, privacy)
    except ModelError as error:
        raise InputError(str(error)) from error
    attacks = Attacks.read(without, width) if without else None
    gathered = wanted.into(
        plan, attacks=attacks, privacy=privacy, with_edges=plan.edges, by_name=plan.volumes,
        signals=plan.signals, by=by,
    )  # fmt: skip
    public = Public(data, width, learn=True, apart=plan.step is None)
    gather(sources, settings, read, public, gathered, wanted.span(width))
    wanted.close(gathered)
    if by and gathered.observations and not gathered.named:
        raise InputError(f"no event has the field {by}", field="--by", expected="another field")
    for field in hiding.unmet(plan, privacy) if gathered.observations else ():
        click.echo(visible(f"warning: no event has the field {field}: nothing is hidden by it"),
                   err=True)  # fmt: skip
    for finding in sanity.of_training(gathered, plan, allow):
        click.echo(visible(f"warning: {finding}"), err=True)
    wanted.measure(gathered, plan)
    with Learning(len(plan.detectors), plan.folds) as learning:
        bundle, fingerprint = bundles.fit(
            gathered, plan, folder, lambda: datetime.now(UTC), learning.begin,
            wanted.more, wanted.fitted,
        )  # fmt: skip
    if begun := bundle.learned - len(bundle.normal):
        click.echo(f"the first {begun:,} windows are a beginning that does not come again: "
                   "learned, and left out of calibration", err=True)  # fmt: skip
    if wanted.end(name, bundle, fingerprint, len(gathered.observations)):
        return 0
    click.echo(visible(f"{name}: {len(gathered.observations):,} events in {bundle.learned:,} "
                       f"windows, {len(bundle.templates):,} templates, {len(plan.detectors)} "
                       f"detectors, sha256 {fingerprint}"))  # fmt: skip
    return 0
