"""`vedette hunts run`: one hunt, now."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from vedette.cli.options import FORMATS, PATH, load_settings, span, stream, word

if TYPE_CHECKING:
    from engine.errors import Problems
    from engine.hunt.model import Hunt, Span
    from engine.hunt.reader import Reader
    from engine.ports import Sink
    from engine.tune.entries import Tuning


@click.command("run")
@click.argument("name")
@click.option(
    "--hunts", "paths", type=PATH, multiple=True, metavar="PATH",
    help="File or folder of hunts; may be repeated.  [default: those of the configuration, else "
    "Vedette's own]",
)  # fmt: skip
@click.option(
    "-c", "--config", "config", type=PATH, metavar="FILE",
    help="The configuration.  [default: $VEDETTE_CONFIG, else vedette.yml here, if any]",
)  # fmt: skip
@click.option(
    "--input", "inputs", type=PATH, multiple=True, metavar="PATH",
    help="Search these files or folders (- for standard input) instead of the cluster; repeatable.",
)  # fmt: skip
@click.option(
    "--from", "start", metavar="TIME", help="Find what is complete at or after this time (UTC)."
)
@click.option("--to", "end", metavar="TIME", help="Find what is complete before this time (UTC).")
@click.option("--dry-run", is_flag=True, help="Store nothing; show the alerts.")
@click.option(
    "--output", "-o", "form", metavar="FORMAT",
    help="With --dry-run or --input: table, ndjson, json or csv.  [default: table on a terminal, "
    "else ndjson]",
)  # fmt: skip
def run(
    name: str,
    paths: tuple[Path, ...],
    config: Path | None,
    inputs: tuple[Path, ...],
    start: str | None,
    end: str | None,
    dry_run: bool,
    form: str | None,
) -> int:
    """Run the hunt NAME once: its id, its title, or its file's name.

    Over a cluster, --to is now where it is not given, and --from is the hunt's look-back before it;
    over files both are where the events end. Alerts are stored where `vedette run` stores them,
    under the ids that they have there; with --input and --dry-run they are shown. The marks of
    scheduled runs stay where they are.
    """
    from engine.errors import Problems
    from vedette import hunts

    given = span(start, end)
    shown = word("--output", form, FORMATS) or ("table" if sys.stdout.isatty() else "ndjson")
    problems = Problems()
    if inputs:
        hunt = hunts.named(_loaded(paths, None), name)
        found = hunts.over_files(hunt, [_stdin_or_path(path) for path in inputs], problems)
        window = _window(hunt, given, found.span)
        told = _Told(shown, problems, read=found.read)
        return _show(hunt, window, found.reader, told)
    return _over_cluster(name, paths, config, given, shown if dry_run else None, problems)


def _over_cluster(
    name: str,
    paths: tuple[Path, ...],
    config: Path | None,
    given: tuple[datetime | None, datetime | None],
    shown: str | None,
    problems: Problems,
) -> int:
    from connectors.search import connect
    from engine.errors import InputError, Problem
    from engine.hunt.model import Span
    from mitre.catalog import Catalog
    from vedette import hunts, places, wiring

    settings = load_settings(config).settings
    loaded = _loaded(paths, settings)
    hunt = hunts.named(loaded, name)
    tuning = wiring.tuning_of(settings, loaded.hunts)
    if settings.cluster is None:
        raise InputError("no cluster is configured", field="cluster",
                         expected="a cluster section, or --input with files")  # fmt: skip
    client = connect(places.cluster_settings(settings.cluster))
    try:
        reader = hunts.over_cluster(hunt, client, problems)
        if not reader.names_anything():
            problems(Problem("no-index", f"nothing in the cluster is called {hunt.index}"))
        last = given[1] or _now() - hunt.delay
        window = Span.of(given[0] or last - hunt.lookback, last)
        if shown is not None:
            told = _Told(
                shown, problems, settings.namespace, settings.attack.version, tuning=tuning
            )
            return _show(hunt, window, reader, told)
        sink, state, place = places.stores(settings, client, problems, _now)
        actions = places.open_actions(settings, client, _now)
        try:
            sink.prepare()
            hunter = hunts.Hunter(sink, problems, _now, Catalog.load(), settings.namespace,
                                  settings.attack.version)  # fmt: skip
            part = f"{window.start}/{window.end}"
            tuner = hunts.tuner_of(hunt, tuning, hunter.maker(), problems, part=part)
            ran = hunter.run(hunt, window, reader, {}, tuner=tuner, actions=actions)
        finally:
            sink.close()
            state.close()
            actions.close()
        written = ran.written
        _tell(problems)
        click.echo(
            f"{hunt.rule.title}: {written.created:,} alerts new, {written.existing:,} already "
            f"there, {written.dead:,} dead letters, in {place}"
        )
        return 0
    finally:
        client.close()


def _loaded(paths: tuple[Path, ...], settings: Any) -> Any:
    from vedette import hunts

    wanted = paths or (settings.hunts.paths if settings else ())
    return hunts.load(tuple(wanted))


def _window(
    hunt: Hunt, given: tuple[datetime | None, datetime | None], covered: Span | None
) -> Span:
    """The span of a run over files."""
    from engine.correlate.value import micros
    from engine.errors import InputError
    from engine.hunt.model import Span

    start, end = given
    if hunt.type.needs_before and start is None:
        raise InputError(f"a {hunt.type.name} hunt compares with what was before",
                         field="--from", expected="where its history ends")  # fmt: skip
    known = covered or Span(0, 1)
    first = known.start if start is None else micros(start)
    last = known.end if end is None else micros(end)
    return Span(first, max(last, first + 1))


@dataclass(frozen=True)
class _Told:
    """How alerts are shown that are not stored."""

    form: str
    problems: Problems
    namespace: str = "default"
    attack_version: int = 19
    read: int | None = None
    """Events read so far; None where the hunt itself reads them."""
    tuning: Tuning | None = None


def _show(hunt: Hunt, window: Span, reader: Reader, told: _Told) -> int:
    """Run a hunt and show its alerts."""
    from mitre.catalog import Catalog
    from vedette import hunts
    from vedette.hunt import WriterSink
    from vedette.output.console import wants_color
    from vedette.output.summary import Summary
    from vedette.output.writers import writer

    out = writer(told.form, stream(told.form), width=None, color=wants_color(sys.stdout))
    version = told.attack_version
    summary = Summary(rules_loaded=1, problems=told.problems, attack_version=version)
    sink: Sink = WriterSink(out, summary)
    catalog = Catalog.load()
    hunter = hunts.Hunter(sink, told.problems, _now, catalog, told.namespace, version)
    tuner = hunts.tuner_of(hunt, told.tuning, hunter.maker(), told.problems, part="shown")
    ran = hunter.run(hunt, window, reader, {}, tuner=tuner)
    if tuner:
        summary.tuned = tuner.counts
    summary.events = ran.outcome.read if told.read is None else told.read
    out.close(summary)
    if told.form != "table":
        _tell(told.problems)
        click.echo(f"{ran.written.created:,} alerts, {summary.events:,} events read", err=True)
    return 0


def _tell(problems: Problems) -> None:
    from vedette.output.safe import visible

    for problem in problems:
        click.echo(visible(f"{problem.kind}: {problem}"), err=True)


def _stdin_or_path(path: Path) -> Path | Literal["-"]:
    return "-" if str(path) == "-" else path


def _now() -> datetime:
    return datetime.now(UTC)
