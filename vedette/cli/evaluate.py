"""`vedette evaluate`: every detector on a public data set, by one protocol."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vedette.cli.models.arguments import SET, assigned_to
from vedette.cli.options import PATH, word

if TYPE_CHECKING:
    from vedette.evaluate.protocol import Protocol
    from vedette.evaluate.run import Result

FORMATS = ("table", "json")
LOGHUB = "loghub"
"""The set that is not about anomalies, but about templates."""
HYBRID = "hybrid"
"""What is about alerts: rules, incidents and models on recorded attacks."""
FEEDBACK = "feedback"
"""What verdicts of people gain, replayed on AIT-ADS."""
MAPPING = "mapping"
"""The set that is about techniques without tags."""


@click.command("evaluate")
@click.argument("names", nargs=-1, required=True, metavar="SET...")
@click.option(
    "--data",
    type=PATH,
    required=True,
    metavar="FOLDER",
    help="The folder of public data, with logs/ in it.",
)
@click.option(
    "--detector",
    "detectors",
    multiple=True,
    metavar="NAME",
    help="Only this detector; may be repeated.  [default: all that there are]",
)
@SET
@click.option(
    "--rules",
    "rule_paths",
    multiple=True,
    type=PATH,
    metavar="PATH",
    help="Rules of hybrid; may be repeated.  [default: SigmaHQ's in the folder of public data]",
)
@click.option("--quick", is_flag=True, help="Less of everything: minutes, other figures.")
@click.option(
    "--made-up",
    "made",
    is_flag=True,
    help="Anomalies made up from training normals, in place of the test: to choose by.",
)
@click.option(
    "--encoder",
    metavar="NAME",
    help="Of mapping: compare meanings too: best, minilm, or hashing.",
)
@click.option(
    "--each",
    is_flag=True,
    help="Of hybrid: name each recording that is missed, and what came before.",
)
@click.option(
    "--balance",
    "balances",
    multiple=True,
    metavar="NAME",
    help="Of feedback: weigh verdicts: none, classes or effective; may be repeated.",
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="NAME",
    help="Of feedback: what learns: logistic or boosting; may be repeated.",
)
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
@click.option(
    "--report",
    type=PATH,
    metavar="FOLDER",
    help="Write curves as PNG and a page that shows all, into this folder.",
)
def command(
    names: tuple[str, ...],
    data: Path,
    detectors: tuple[str, ...],
    assigned: tuple[str, ...],
    rule_paths: tuple[Path, ...],
    quick: bool,
    made: bool,
    encoder: str | None,
    each: bool,
    balances: tuple[str, ...],
    methods: tuple[str, ...],
    form: str | None,
    report: Path | None,
) -> int:
    """Measure every detector on the public data set SET, thresholds from training normals alone.

    Sets are hdfs, adfa-ld, ait-ads, ait-ads-as-found, openstack, otrf; loghub, which measures
    templates; hybrid, which measures alerts; feedback, which measures what verdicts gain; and
    mapping, which measures techniques without tags. How all of it is measured is in
    docs/evaluation.md.
    """
    from engine.errors import InputError
    from models.errors import ModelError
    from vedette.evaluate.madeup import made_up
    from vedette.evaluate.protocol import protocol
    from vedette.evaluate.run import evaluate
    from vedette.evaluate.sets.registry import load

    shown = word("--output", form, FORMATS) or "table"
    fixed = replace(protocol(quick), arguments=_assigned(assigned, detectors))
    found, rows = [], []
    for name in names:
        if name == LOGHUB:
            rows += _templates(data, shown)
            continue
        if name == HYBRID:
            rows += _alerts(data, rule_paths, shown, each)
            continue
        if name == FEEDBACK:
            rows += _feedback(data, shown, fixed, balances, methods)
            continue
        if name == MAPPING:
            rows += _mapping(data, shown, encoder)
            continue
        public = made_up(load(name, data)) if made else load(name, data)
        try:
            result = evaluate(public, fixed, detectors or None, _told)
        except ModelError as error:
            raise InputError(str(error)) from error
        found.append(result)
        rows += [row.as_json() for row in result.rows]
        if shown == "table":
            _show(result)
    if shown == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    if report is not None and found:
        from vedette.evaluate.report import write

        click.echo(f"report: {write(found, report, quick)}", err=True)
    return 0


def _assigned(assigned: Sequence[str], detectors: Sequence[str]) -> dict[str, Any]:
    """The arguments of detectors that `--set` gives; seeds are the protocol's."""
    from engine.errors import InputError
    from models import registry

    chosen: dict[str, dict[str, Any]] = {name: {} for name in detectors or registry.detectors()}
    found = {name: told for name, told in assigned_to(chosen, assigned).items() if told}
    if any("seed" in told for told in found.values()):
        raise InputError("seeds are those of the protocol", field="--set", expected="no seed")
    return found


def _show(result: Result) -> None:
    from vedette.evaluate.table import show

    show(result, sys.stdout)


def _templates(data: Path, shown: str) -> list[dict[str, Any]]:
    from vedette.evaluate import loghub

    found = loghub.evaluate(data)
    if shown == "table":
        loghub.show(found, sys.stdout)
    return [row.as_json() for row in found]


def _alerts(
    data: Path, rule_paths: tuple[Path, ...], shown: str, each: bool
) -> list[dict[str, Any]]:
    from engine.rule import Selection
    from vedette import rulesets
    from vedette.evaluate.hybrid.attacks import attacks
    from vedette.evaluate.hybrid.recordings import SIGMAHQ
    from vedette.evaluate.hybrid.show import show, show_stream
    from vedette.evaluate.hybrid.stream import opened, stream

    rules = rulesets.load(rule_paths or (data / SIGMAHQ,), Selection())
    result = attacks(data, rules)
    if shown == "table":
        show(result, sys.stdout, each)
    companies = stream(data)
    if shown == "table":
        show_stream(companies, sys.stdout)
    rows = [row.as_json() for row in result.rows]
    rows += [{"budget": at, **p.as_json()} for at, found in result.places.items() for p in found]
    return rows + [kept.as_json() for kept in opened(companies)]


def _feedback(
    data: Path, shown: str, fixed: Protocol, balances: tuple[str, ...], methods: tuple[str, ...]
) -> list[dict[str, Any]]:
    from engine.score.learned import LOGISTIC, METHODS
    from models.prepare.balance import HOW, NONE
    from vedette.evaluate import replay

    weighed = [word("--balance", each, HOW) or NONE for each in balances] or [NONE]
    learns = [word("--method", each, METHODS) or LOGISTIC for each in methods] or [LOGISTIC]
    found = replay.evaluate(data, fixed, _told, weighed, learns)
    for line in replay.show(found) if shown == "table" else ():
        click.echo(line)
    return [row.as_json() for row in found]


def _mapping(data: Path, shown: str, encoder: str | None) -> list[dict[str, Any]]:
    from vedette.evaluate import mapping

    found = mapping.evaluate(data, encoder)
    if shown == "table":
        mapping.show(found, sys.stdout)
    return [row.as_json() for row in found.rows]


def _told(what: str) -> None:
    """Say on a terminal what goes on."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{what}", nl=False, err=True)
