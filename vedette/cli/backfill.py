"""`vedette backfill`: evaluate a window of time once more."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vedette.cli.options import CONFIG, load_settings, span

if TYPE_CHECKING:
    from vedette.feeds import Feed
    from vedette.wiring import Assembled, Parts

STOPPED = 130


@click.command()
@CONFIG
@click.option("--from", "start", metavar="TIME", help="Events at or after this time (UTC).")
@click.option("--to", "end", metavar="TIME", help="Events before this time (UTC).")
@click.option(
    "--source", "names", multiple=True, metavar="NAME", help="Only this source; may be repeated."
)
@click.option(
    "--fill-gaps", is_flag=True, help="Not the whole window, but the open gaps that touch it."
)
def command(
    path: Path | None,
    start: str | None,
    end: str | None,
    names: tuple[str, ...],
    fill_gaps: bool,
) -> int:
    """Evaluate events of the past once more, as rules are now; no checkpoint moves.

    Times are those of the field that polls follow. An alert that exists is left as it is. With
    --fill-gaps, --from and --to may be left out: then all open gaps are filled.
    """
    from engine.errors import InputError
    from vedette import rulesets
    from vedette.backfill import Backfill, chosen
    from vedette.cli.run import _stop_on_signals, _telling
    from vedette.logs import configure
    from vedette.wiring import assemble

    first, last = span(start, end)
    if not fill_gaps and (first is None or last is None):
        raise InputError(
            "backfill needs a window", expected="--from and --to, or --fill-gaps",
        )  # fmt: skip
    loaded = load_settings(path)
    configure(loaded.settings.log.level, loaded.settings.log.format)
    stop = _stop_on_signals()
    parts = assemble(loaded.settings, _telling(None), _now, ended=stop.is_set)
    try:
        wanted = {feed.source.name for feed in chosen(_feeds(parts), names)}
        rulesets.settle()
        lines = [line for line in parts.lines if wanted & _names(line)]
        for line in lines:
            for text in rulesets.described(line.rules):
                logging.getLogger("vedette.run").info(text)
        lines[0].sink.prepare()
        done = True
        for line in lines:
            feeds = [feed for feed in line.feeds if feed.source.name in wanted]
            work = Backfill(feeds, line.fresh, line.ledger, _now, stop.is_set)
            if fill_gaps:
                done = done and work.fill(first, last)
            else:
                assert first is not None
                assert last is not None
                done = done and work.window(first, last)
    finally:
        parts.close()
    return 0 if done else STOPPED


def _feeds(parts: Assembled) -> list[Feed]:
    """The sources of all pipelines."""
    return [feed for line in parts.lines for feed in line.feeds]


def _names(line: Parts) -> set[str]:
    return {feed.source.name for feed in line.feeds}


def _now() -> datetime:
    return datetime.now(UTC)
