"""`vedette rules coverage`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vedette.cli.options import rule_options, selection, word

if TYPE_CHECKING:
    from vedette.coverage import Coverage

FORMATS = ("table", "json", "navigator")


@click.command("coverage")
@rule_options
@click.option(
    "--output",
    "-o",
    "form",
    metavar="FORMAT",
    help="table, json, or navigator: a layer for the ATT&CK Navigator.  [default: table]",
)
@click.option(
    "--attack-version",
    type=int,
    metavar="N",
    help="ATT&CK version to count in.  [default: the newest of the catalogue]",
)
def coverage(
    rule_paths: tuple[Path, ...],
    min_level: str | None,
    statuses: tuple[str, ...],
    tags: tuple[str, ...],
    excluded: tuple[str, ...],
    pipelines: tuple[Path, ...],
    cache: bool,
    form: str | None,
    attack_version: int | None,
) -> int:
    """Say which techniques of ATT&CK the rules cover, and how many rules each one has.

    \b
      vedette rules coverage --output navigator > layer.json

    Exits with 2 when a rule cannot be loaded.
    """
    from engine.errors import InputError
    from mitre.catalog import Catalog
    from mitre.errors import AttackError
    from vedette import rulesets
    from vedette.coverage import coverage as counted
    from vedette.coverage import navigator_layer
    from vedette.output.safe import json_text, visible

    shown = word("--output", form, FORMATS) or "table"
    wanted = selection(min_level, statuses, tags, excluded)
    rules = rulesets.load(rule_paths, wanted, pipelines, cache=cache)
    try:
        found = counted(rules.rules, Catalog.load(), attack_version)
    except AttackError as error:
        raise InputError(error.message, field="--attack-version") from error
    if shown == "navigator":
        names = ", ".join(str(path) for path in rule_paths) or "Vedette's own rules"
        about = f"{found.rules} rules from {names}; the score is the number of rules"
        layer = navigator_layer(found, "Sigma rules", description=about)
        click.echo("\n".join(json_text(line) for line in json.dumps(layer, indent=1).splitlines()))
    elif shown == "json":
        for entry in _entries(found):
            click.echo(json_text(json.dumps(entry)))
    else:
        for line in _table(found):
            click.echo(visible(line))
    rulesets.tell(rules)
    return 2 if rules.refused else 0


def _entries(found: Coverage) -> Iterator[dict[str, object]]:
    for cell in found.covered:
        yield {
            "technique": cell.technique.id,
            "name": cell.technique.name,
            "tactic": cell.tactic,
            "rules": list(cell.rules),
        }


def _table(found: Coverage) -> Iterator[str]:
    cells = found.covered
    for tactic in found.tactics:
        here = [cell for cell in cells if cell.tactic == tactic.shortname]
        count = len({title for cell in here for title in cell.rules})
        yield f"{tactic.name} ({tactic.id}): {len(here):,} techniques, {count:,} rules"
        for cell in here:
            yield f"  {len(cell.rules):>5,}  {cell.technique.id:<10} {cell.technique.name}"
    for cell in (cell for cell in cells if cell.tactic is None):
        yield f"  {len(cell.rules):>5,}  {cell.technique.id:<10} {cell.technique.name} (no tactic)"
    tactics = len({cell.tactic for cell in cells if cell.tactic})
    yield (
        f"{len(found.techniques):,} techniques of {tactics} of {len(found.tactics)} tactics by "
        f"{found.rules:,} rules (ATT&CK v{found.version}); {found.untagged:,} rules name none"
    )
