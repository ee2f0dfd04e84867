"""`vedette rules fields`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from vedette.cli.options import rule_options, selection, word

FORMATS = ("table", "json")


@click.command("fields")
@rule_options
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
def fields(
    rule_paths: tuple[Path, ...],
    min_level: str | None,
    statuses: tuple[str, ...],
    tags: tuple[str, ...],
    excluded: tuple[str, ...],
    pipelines: tuple[Path, ...],
    cache: bool,
    form: str | None,
) -> int:
    """Say which fields the rules read, by log source, and how many rules read each.

    What a shipper has to deliver for the rules to work. Exits with 2 when a rule cannot be
    loaded.
    """
    from vedette import rulesets
    from vedette.coverage import fields_read
    from vedette.output.safe import json_text, visible

    shown = word("--output", form, FORMATS) or "table"
    wanted = selection(min_level, statuses, tags, excluded)
    rules = rulesets.load(rule_paths, wanted, pipelines, cache=cache)
    read = fields_read(rules.rules)
    for source in sorted(read):
        if shown == "json":
            entry = {"logsource": source, "fields": dict(read[source].most_common())}
            click.echo(json_text(json.dumps(entry)))
            continue
        click.echo(visible(source))
        for name, count in sorted(read[source].items(), key=lambda item: (-item[1], item[0])):
            click.echo(visible(f"  {count:>5,}  {name}"))
    rulesets.tell(rules)
    return 2 if rules.refused else 0
