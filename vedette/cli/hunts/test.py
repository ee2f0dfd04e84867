"""`vedette hunts test`."""

from __future__ import annotations

from pathlib import Path

import click

from vedette.cli.options import PATH


@click.command("test")
@click.argument("paths", nargs=-1, type=PATH, metavar="[PATH...]")
@click.option("-v", "--verbose", is_flag=True, help="Also name the tests that passed.")
def test(paths: tuple[Path, ...], verbose: bool) -> int:
    """Run the tests inside the hunts under PATH (default: Vedette's own).

    A hunt's tests stand in its `vedette` block: stories of events, each with the alerts that it
    must lead to; at least one that alerts, and one near miss. Exits with 1 when a test fails and 2
    when a hunt cannot be loaded.
    """
    from vedette import hunts
    from vedette.hunt_tests import run_tests
    from vedette.output.safe import visible

    loaded = hunts.load(paths)
    results = [result for hunt in loaded.hunts for result in run_tests(hunt)]
    for result in results:
        if verbose or result.failure is not None:
            mark = "ok  " if result.failure is None else "FAIL"
            text = f"{mark} {result.hunt.rule.file}: {result.name}"
            click.echo(visible(text if result.failure is None else f"{text}: {result.failure}"))
    for error in loaded.refused:
        click.echo(visible(f"FAIL {error}"))
    failed = sum(result.failure is not None for result in results)
    click.echo(
        f"{len(loaded):,} hunts, {len(results):,} tests: {len(results) - failed:,} passed, "
        f"{failed:,} failed, {len(loaded.refused):,} hunts refused"
    )
    if loaded.refused or not len(loaded):
        return 2
    return 1 if failed else 0
