"""`vedette models show`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vedette.cli.models import held
from vedette.cli.options import CONFIG, load_settings, word

if TYPE_CHECKING:
    from models.bundle.bundle import Bundle

FORMATS = ("table", "json")


@click.command("show")
@click.argument("name")
@CONFIG
@click.option(
    "--budget", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True,
    metavar="N", help="False alarms a day that p is told for.",
)  # fmt: skip
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
def show(name: str, path: Path | None, budget: float, form: str | None) -> int:
    """Show what the model NAME is made of, how it was trained, and what p a budget asks for.

    All files are read and checked against their hashes.
    """
    from engine.score.model import Model
    from models.registry import detector
    from vedette import bundles
    from vedette.output.safe import visible

    shown = word("--output", form, FORMATS) or "table"
    state = load_settings(path).settings.state.dir
    kept = bundles.kept(state, name)
    bundle, told = kept.bundle, kept.told
    bundles.check_memory(bundle)  # it is read when asked for, and to be checked here, too
    windows = None
    plan = bundle.plan
    if plan.by or (plan.gap or plan.step) is not None:  # training alone can tell how many a day has
        windows = Model(name, "", bundle, told["training"]).windows_a_day()
    asked = bundle.budget(budget, told["training"].get("entities"), windows)
    if shown == "json":
        known = {key: told[key] for key in ("plan", "training", "detectors")}
        print_ = {"sha256": kept.sha256}
        click.echo(json.dumps({"name": name, **print_, **known, "budget": {
            "alerts_a_day": budget, "p": asked.p, "counted": asked.counted,
            "achieved": asked.a_day, "low": asked.low, "high": asked.high,
        }, "memory": _memory(bundle), "records": _records(bundle),
            "clusters": dict(_clusters(bundle))}, indent=1))  # fmt: skip
        return 0
    lines = [f"{name}  sha256 {kept.sha256}"]
    lines += [f"  {key}: {value}" for key, value in told["training"].items()
              if key != "held_out" and not isinstance(value, list)]  # fmt: skip
    lines += [_update(each) for each in told["training"].get("updates", ())]
    if "held_out" in told["training"]:
        lines += [f"  {line}" for line in held.lines(told["training"]["held_out"])]
    lines += [f"  {bundle.plan.windows}, combined by {bundle.plan.rule}"]
    lines += [
        f"  {each}{_given(bundle.plan.detectors[each])}: {detector(each).source}"
        for each in bundle.parts
    ]
    if bundle.plan.features:
        lines += [f"  features: {', '.join(bundle.plan.features)}"]
    lines += [_record(name, told) for name, told in _records(bundle).items()]
    if (memory := _memory(bundle)) is not None:
        lines += [f"  remembers {memory['windows']:,} of {memory['of']:,} windows, to learn on by"]
    if bundle.validator is not None:
        lines += [
            f"  {bundle.plan.validator} looks again at what the others flag: p up to "
            f"{bundle.validator.share:g}"
        ]
    if bundle.plan.rare is not None:
        lines += [
            f"  kinds of events in fewer than {bundle.plan.rare:,} windows stay as strange as new "
            f"ones: {len(bundle.templates.forgotten):,}"
        ]
    if bundle.weekly is not None:
        apart = ", ".join(bundle.weekly.own) or "no part of the week"
        lines += [f"  p of their own: {apart}, {bundle.plan.week:+g} hours from UTC"]
    counted = "" if asked.counted else " (rests on the fitted tail: too few normals to count)"
    lines += [
        f"  {budget:g} false alarms a day: p up to {asked.p:.3g}{counted}; normals of the training "
        f"made {asked.a_day:.3g} a day ({asked.low:.3g} to {asked.high:.3g})"
    ]
    lines += [f"  cluster {number}: {text}" for number, text in _clusters(bundle)]
    for line in lines:
        click.echo(visible(line))
    return 0


def _given(arguments: Mapping[str, Any]) -> str:
    """The arguments that a detector was given, in words; nothing where it was given none."""
    from models.arguments import written

    told = ", ".join(f"{name}={written(value)}" for name, value in arguments.items())
    return f" ({told})" if told else ""


def _memory(bundle: Bundle) -> dict[str, int] | None:
    memory = bundle.memory
    return None if memory is None else {"windows": len(memory.windows), "of": memory.seen}


def _records(bundle: Bundle) -> dict[str, Any]:
    """What each detector came from; nothing where an earlier version fitted it."""
    return {name: dict(part.training) for name, part in bundle.parts.items() if part.training}


def _record(name: str, told: Mapping[str, Any]) -> str:
    data, run, metrics = told["data"], told["run"], told["metrics"]
    parts = [f"{data['count']:,} windows (sha256 {data['sha256'][:12]})"]
    parts += [f"code {told['code_version']}"] if told["code_version"] else []
    each = [*told["parameters"].items(), *run.items(), *metrics.items()]
    parts += [f"{key} {f'{v:.4g}' if isinstance(v, float) else v}" for key, v in each]
    return f"  {name} learned {', '.join(parts)}"


def _update(told: Mapping[str, Any]) -> str:
    left = ", ".join(told["left_as_they_were"])
    return (
        f"  revision {told['revision']}: {told['events']:,} events in {told['windows']:,} windows "
        f"from {told['from']} to {told['to']}, PR-AUC of old data {told['before']:.4f} before and "
        f"{told['after']:.4f} after{f'; {left} stayed as before' if left else ''}"
    )


def _clusters(bundle: Bundle) -> list[tuple[int, str]]:
    """The clusters of texts by their numbers, each with what its most typical texts share."""
    from models.cluster.texts import EmbeddingHdbscan

    inside = [part.detector for part in bundle.parts.values()]
    return [
        each
        for detector in inside
        if isinstance(detector, EmbeddingHdbscan)
        for each in sorted(detector.labels().items())
    ]
