"""`vedette rules list`."""

from __future__ import annotations

from pathlib import Path

import click

from vedette.cli.options import rule_options, selection


@click.command("list")
@rule_options
def list_rules(
    rule_paths: tuple[Path, ...],
    min_level: str | None,
    statuses: tuple[str, ...],
    tags: tuple[str, ...],
    excluded: tuple[str, ...],
    pipelines: tuple[Path, ...],
    cache: bool,
) -> int:
    """List the rules that load, and name those that do not."""
    from engine.level import level_rank
    from vedette import rulesets
    from vedette.output.safe import visible

    wanted = selection(min_level, statuses, tags, excluded)
    rules = rulesets.load(rule_paths, wanted, pipelines, rulesets.caution, cache=cache)
    for rule in sorted(rules.rules, key=lambda rule: (-level_rank(rule.level), rule.title)):
        techniques = ", ".join(
            tag.removeprefix("attack.").upper() for tag in rule.tags if tag.startswith("attack.t")
        )
        line = f"{rule.level:<13} {rule.title}  [{rule.logsource}]  {techniques}  {rule.id}"
        click.echo(visible(line))
    rulesets.tell(rules)
    return 2 if rules.refused else 0
