"""`vedette coverage`: what sees each technique of ATT&CK, and what nothing does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vedette.cli.options import PATH, rule_options, selection, word

if TYPE_CHECKING:
    from engine.kinds import LogSource
    from vedette.covers import Seen, Survey

FORMATS = ("table", "json", "layer", "html")


@click.command("coverage")
@rule_options
@click.option(
    "-c",
    "--config",
    "config",
    type=PATH,
    metavar="FILE",
    help="Take the log sources of this configuration's sources as delivered.",
)
@click.option(
    "--logsource",
    "parts",
    multiple=True,
    metavar="KEY=NAME[,…]",
    help="A log source that is delivered: product=windows,category=process_creation; repeatable.",
)
@click.option(
    "--models", "models", multiple=True, metavar="NAME", help="A model that is on; repeatable."
)
@click.option(
    "--output", "-o", "form", metavar="FORMAT", help="table, json, layer or html.  [default: table]"
)
@click.option(
    "--attack-version",
    type=int,
    metavar="N",
    help="ATT&CK version to count in.  [default: the newest of the catalogue]",
)
def command(
    rule_paths: tuple[Path, ...],
    min_level: str | None,
    statuses: tuple[str, ...],
    tags: tuple[str, ...],
    excluded: tuple[str, ...],
    pipelines: tuple[Path, ...],
    cache: bool,
    config: Path | None,
    parts: tuple[str, ...],
    models: tuple[str, ...],
    form: str | None,
    attack_version: int | None,
) -> int:
    """Say for each technique which rules, log sources and models see it, and name the gaps.

    \b
      vedette coverage --output html > coverage.html
      vedette coverage --logsource product=windows --output layer > layer.json

    Exits with 2 when a rule cannot be loaded.
    """
    from engine.errors import InputError
    from mitre.catalog import Catalog
    from mitre.errors import AttackError
    from vedette import rulesets
    from vedette.covers import navigator, survey
    from vedette.output.safe import json_text, visible

    shown = word("--output", form, FORMATS) or "table"
    delivered = _delivered(parts, config)
    rules = rulesets.load(
        rule_paths, selection(min_level, statuses, tags, excluded), pipelines, cache=cache
    )
    try:
        found = survey(
            rules.rules, Catalog.load(), attack_version, delivered=delivered, models=models
        )
    except AttackError as error:
        raise InputError(error.message, field="--attack-version") from error
    names = ", ".join(str(path) for path in rule_paths) or "Vedette's own rules"
    if shown == "html":
        from vedette.report.coverage import page

        click.echo(page(found, names, datetime.now(UTC)))
    elif shown == "layer":
        layer = navigator(found, "Vedette coverage", f"{found.rules} rules from {names}")
        for line in json.dumps(layer, indent=1).splitlines():
            click.echo(json_text(line))
    elif shown == "json":
        for each in found.seen:
            click.echo(json_text(json.dumps(_entry(each))))
    else:
        for line in _table(found):
            click.echo(visible(line))
    rulesets.tell(rules)
    return 2 if rules.refused else 0


def _delivered(parts: Sequence[str], config: Path | None) -> list[LogSource] | None:
    """The log sources that are named; None when nobody names any."""
    from engine.kinds import LogSource

    named = [_source(part) for part in parts]
    if config is not None:
        from vedette.cli.options import load_settings

        named += [
            LogSource(each.product, each.service, each.category)
            for source in load_settings(config).settings.sources
            if (each := source.logsource)
        ]
    return named or None


def _source(text: str) -> LogSource:
    from engine.errors import InputError
    from engine.kinds import LogSource

    found: dict[str, str] = {}
    for part in text.split(","):
        key, _, name = part.strip().partition("=")
        if key not in ("product", "category", "service") or not name:
            expected = "product=, category= or service=NAME, with commas between"
            raise InputError(f"is {text!r}", field="--logsource", expected=expected)
        found[key] = name
    return LogSource(**found)


def _entry(seen: Seen) -> dict[str, object]:
    return {
        "technique": seen.technique.id,
        "name": seen.technique.name,
        "tactics": list(seen.technique.tactics),
        "state": seen.state,
        "rules": list(seen.rules),
        "logsources": [
            {"logsource": name, "rules": number, "delivered": name in seen.delivered}
            for name, number in seen.sources
        ],
        "models": list(seen.models),
    }


def _table(found: Survey) -> Iterator[str]:
    for tactic in found.tactics:
        whole = found.under(tactic.shortname)
        by = {state: [s for s in whole if s.state == state] for state in ("detected", "blind")}
        missing = len(whole) - len(by["detected"]) - len(by["blind"])
        yield (
            f"{tactic.name} ({tactic.id}): {len(by['detected']):,} detected, "
            f"{len(by['blind']):,} without their log source, {missing:,} without a rule"
        )
        for each in by["blind"]:
            needs = " or ".join(name for name, _ in each.sources)
            yield f"  no log source  {each.technique.id:<10} {each.technique.name}: needs {needs}"
        for each in whole:
            if each.state == "gap" and each.technique.parent is None:
                if any(s.rules for s in whole if s.technique.parent == each.technique.id):
                    continue  # rules are for its parts
                yield f"  no rule        {each.technique.id:<10} {each.technique.name}"
    said = "as named" if found.asked else "taken as delivered, as none is named"
    yield (
        f"{found.count('detected'):,} of {len(found.seen):,} techniques and sub-techniques by "
        f"{found.rules:,} rules (ATT&CK v{found.version}); log sources {said}"
    )
    if found.models:
        yield f"models that watch, and detect no technique by name: {', '.join(found.models)}"
