"""`vedette rules`: list rules, and run the tests inside them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from vedette.cli.options import PATH, rule_options, selection


@click.group("rules")
def command() -> None:
    """List rules, and run the tests inside them."""


@command.command("test")
@click.argument("paths", nargs=-1, type=PATH, metavar="[PATH...]")
@click.option("-v", "--verbose", is_flag=True, help="Also name the tests that passed.")
def test(paths: tuple[Path, ...], verbose: bool) -> int:
    """Run the tests inside the rules under PATH (default: Vedette's own rules).

    A rule's tests stand in its `vedette` block: at least one event that must match and one near
    miss that must not. Exits with 1 when a test fails and 2 when a rule cannot be loaded.
    """
    from engine.rule import Selection
    from vedette import rulesets
    from vedette.output.safe import visible
    from vedette.rule_tests import run_tests

    rules = rulesets.load(paths, Selection())
    counts = Counter[bool]()
    for rule in rules.rules:
        for result in run_tests(rule):
            passed = result.failure is None
            counts[passed] += 1
            if verbose or not passed:
                mark = "ok  " if passed else "FAIL"
                text = f"{mark} {rule.file}: {result.name}"
                click.echo(visible(text if passed else f"{text}: {result.failure}"))
    for error in rules.refused:
        click.echo(visible(f"FAIL {error}"))
    click.echo(
        f"{len(rules):,} rules, {counts.total():,} tests: {counts[True]:,} passed, "
        f"{counts[False]:,} failed, {len(rules.refused):,} rules refused"
    )
    if rules.refused or not len(rules):
        return 2
    return 1 if counts[False] else 0


@command.command("list")
@rule_options
def list_rules(
    rule_paths: tuple[Path, ...],
    min_level: str | None,
    statuses: tuple[str, ...],
    tags: tuple[str, ...],
    excluded: tuple[str, ...],
    pipelines: tuple[Path, ...],
) -> int:
    """List the rules that load, and name those that do not."""
    from engine.level import level_rank
    from vedette import rulesets
    from vedette.output.safe import visible

    wanted = selection(min_level, statuses, tags, excluded)
    rules = rulesets.load(rule_paths, wanted, pipelines, rulesets.caution)
    for rule in sorted(rules.rules, key=lambda rule: (-level_rank(rule.level), rule.title)):
        techniques = ", ".join(
            tag.removeprefix("attack.").upper() for tag in rule.tags if tag.startswith("attack.t")
        )
        line = f"{rule.level:<13} {rule.title}  [{rule.logsource}]  {techniques}  {rule.id}"
        click.echo(visible(line))
    rulesets.tell(rules)
    return 2 if rules.refused else 0
