"""`vedette rules test`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vedette.cli.options import NO_CACHE, PATH

if TYPE_CHECKING:
    from engine.rule import RuleSet
    from vedette.rule_tests import Result


@click.command("test")
@click.argument("paths", nargs=-1, type=PATH, metavar="[PATH...]")
@click.option("-v", "--verbose", is_flag=True, help="Also name the tests that passed.")
@click.option("--junit", type=PATH, metavar="FILE", help="Also write the results as JUnit XML.")
@NO_CACHE
def test(paths: tuple[Path, ...], verbose: bool, junit: Path | None, cache: bool) -> int:
    """Run the tests inside the rules under PATH (default: Vedette's own rules).

    A rule's tests stand in its `vedette` block: at least one event that must match and one near
    miss that must not. Where a rule points to SigmaHQ's regression data (`regression_tests_path`)
    and the data lies in a folder above it, these are run too. Exceptions hold back what they do in
    a hunt, and their own tests say what that is. Exits with 1 when a test fails and 2
    when a rule cannot be loaded.
    """
    from engine.rule import Selection
    from vedette import rulesets
    from vedette.output.safe import visible

    rules = rulesets.load(paths, Selection(), cache=cache)
    for warning in rules.warnings:
        rulesets.caution(str(warning))
    results = _results(rules)
    for result in results:
        if verbose or result.failure is not None:
            mark = "ok  " if result.failure is None else "FAIL"
            text = f"{mark} {result.rule.file}: {result.name}"
            click.echo(visible(text if result.failure is None else f"{text}: {result.failure}"))
    for error in rules.refused:
        click.echo(visible(f"FAIL {error}"))
    failed = sum(result.failure is not None for result in results)
    click.echo(
        f"{len(rules):,} rules, {len(results):,} tests: {len(results) - failed:,} passed, "
        f"{failed:,} failed, {len(rules.refused):,} rules refused"
    )
    if junit is not None:
        _write(junit, rules, results)
    if rules.refused or not len(rules):
        return 2
    return 1 if failed else 0


def _results(rules: RuleSet) -> list[Result]:
    """Each rule's own tests and its regression data; the latter alone are tests enough."""
    from vedette.regression import run_regression
    from vedette.rule_tests import run_exception_tests, run_tests

    found: list[Result] = list(run_exception_tests(rules))
    for rule in rules.rules:
        recorded = list(run_regression(rule))
        if "vedette" in rule.document or not recorded:
            found.extend(run_tests(rule, rules))
        found.extend(recorded)
    return found


def _write(file: Path, rules: RuleSet, results: list[Result]) -> None:
    from engine.errors import InputError
    from vedette.junit import Case, junit_xml

    cases = [Case(result.rule.file, result.name, result.failure) for result in results]
    cases += [Case(error.file or "rules", "load", str(error), "refused") for error in rules.refused]
    try:
        file.write_text(junit_xml("vedette rules test", {"rules": cases}), encoding="utf-8")
    except OSError as error:
        raise InputError(error.strerror or "cannot be written", file=str(file)) from error
