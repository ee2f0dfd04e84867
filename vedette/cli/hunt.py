"""`vedette hunt`: search files of events with Sigma rules."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from vedette import __version__
from vedette.cli.options import (
    CONFIG,
    FORMATS,
    PATH,
    TIME_FORMAT,
    finder,
    load_settings,
    log_source,
    rule_options,
    selection,
    span,
    stream,
    tuning_options,
    word,
)

if TYPE_CHECKING:
    from engine.errors import Problems
    from engine.score.model import Model
    from vedette.hunt import Outcome
    from vedette.output.summary import Summary

NO_RULES = 2
"""Exit code when no rule could be loaded, or with --strict when any could not."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=PATH, metavar="PATH...")
@rule_options
@tuning_options
@click.option(
    "--output",
    "-o",
    "form",
    metavar="FORMAT",
    help="table, ndjson, json or csv.  [default: table on a terminal, else ndjson]",
)
@click.option("--report", type=PATH, metavar="FILE.html", help="Also write a report page.")
@click.option("--from", "start", metavar="TIME", help="Only events at or after this time (UTC).")
@click.option("--to", "end", metavar="TIME", help="Only events before this time (UTC).")
@click.option(
    "--limit", type=click.IntRange(min=0), metavar="N", help="Show at most N alerts; count all."
)
@click.option(
    "--fail-on", metavar="LEVEL", help="Exit with 1 when an alert is of this level or above."
)
@click.option(
    "--strict", is_flag=True, help="Exit with 2 when any rule or model could not be loaded."
)
@click.option(
    "--logsource",
    metavar="KEY=NAME,…",
    help="What the events are, if they do not show it: product=, service=, category=.",
)
@click.option(
    "--text", is_flag=True, help="Take lines of no known form as events too: time and message."
)
@TIME_FORMAT
@click.option(
    "--attack-version",
    type=click.Choice(["18", "19"]),
    default="19",
    show_default=True,
    help="ATT&CK version that alerts speak.",
)
@click.option(
    "--models",
    "model_names",
    multiple=True,
    metavar="NAME",
    help="Score every event with this model too; may be repeated.",
)
@click.option(
    "--alerts-a-day",
    type=click.FloatRange(0, min_open=True),
    default=5.0,
    show_default=True,
    metavar="N",
    help="Budget of models' alerts that no rule supports, for each day of events.",
)
@CONFIG
def command(
    paths: tuple[Path, ...],
    rule_paths: tuple[Path, ...],
    min_level: str | None,
    statuses: tuple[str, ...],
    tags: tuple[str, ...],
    excluded: tuple[str, ...],
    pipelines: tuple[Path, ...],
    cache: bool,
    exceptions: tuple[Path, ...],
    tuning_files: tuple[Path, ...],
    form: str | None,
    report: Path | None,
    start: str | None,
    end: str | None,
    limit: int | None,
    fail_on: str | None,
    strict: bool,
    logsource: str | None,
    text: bool,
    time_format: str | None,
    attack_version: str,
    model_names: tuple[str, ...],
    alerts_a_day: float,
    path: Path | None,
) -> int:
    """Search events in files, folders or standard input (-) with Sigma rules.

    Reads NDJSON, JSON arrays and documents, CloudTrail files, Windows EVTX, syslog, Linux
    audit logs and web access logs, plain or compressed with gzip or zstandard.

    \b
    Exit codes, the highest that applies:
      0  done
      1  an alert at or above --fail-on
      2  no rule could be loaded, or with --strict any rule or model
      3  a usage or input error
    """
    from engine.errors import Problems
    from engine.level import LEVELS, level_rank
    from engine.run import Bounds
    from vedette import rulesets
    from vedette.hunt import Hunt, check_inputs, hunt
    from vedette.output.writers import writer

    shown = word("--output", form, FORMATS) or ("table" if sys.stdout.isatty() else "ndjson")
    gravest = word("--fail-on", fail_on, LEVELS)
    bounds = Bounds(*span(start, end))
    wanted = selection(min_level, statuses, tags, excluded)
    label = log_source(logsource)
    inputs = tuple(_stdin_or_path(path) for path in paths)
    check_inputs(inputs)
    if report is not None:
        check_report(report)
    problems = Problems()
    models = _models(model_names, path, problems)
    tuning = rulesets.Tuned(exceptions, tuning_files)
    rules = rulesets.load(
        rule_paths, wanted, pipelines, rulesets.caution, cache=cache, tuning=tuning
    )
    rulesets.tell(rules)
    rulesets.settle()
    if not len(rules) and not rules.unwanted:
        return NO_RULES
    for warning in rulesets.astray_label(rules.rules, label) if label and len(rules) else ():
        rulesets.caution(warning)
    plan = Hunt(
        paths=inputs,
        rules=rules,
        bounds=bounds,
        tags=label,
        attack_version=int(attack_version),
        limit=limit,
        report_alerts=report is not None,
        text=text or time_format is not None,
        times=finder(time_format),
        models=models,
        state=_state(path) if models else None,
        unscored=tuple(problems),
        alerts_a_day=alerts_a_day,
    )
    from vedette.output.console import wants_color
    from vedette.output.progress import Progress

    out = writer(shown, stream(shown), width=None, color=wants_color(sys.stdout))
    # a bar would be torn by alerts that stream to the same terminal
    quiet = shown != "table" and sys.stdout.isatty()
    progress: Progress | None = None

    def watch(total: int | None) -> Callable[[int, int, int], None]:
        nonlocal progress
        progress = Progress(total, enabled=not quiet)
        progress.__enter__()
        return lambda read, events, alerts: progress.update(
            bytes=read, events=events, alerts=alerts
        )

    try:
        outcome = hunt(plan, out, watch=watch)
    finally:
        if progress is not None:
            progress.__exit__(None, None, None)
    out.close(outcome.summary)
    if shown != "table":
        _tell_tuned(outcome.summary)
        _tell_scored(outcome.summary)
        _tell_problems(outcome.summary.problems)
    if report is not None and outcome.kept is not None:
        write_report(
            outcome, report, "Hunt", " ".join(map(shlex.quote, ["vedette", *sys.argv[1:]]))
        )
    code = 0
    if gravest and outcome.worst() >= level_rank(gravest):
        code = 1
    if strict and (rules.refused or problems or any(s.failed for s in outcome.summary.scored)):
        code = NO_RULES
    return code


def _models(names: Sequence[str], config: Path | None, problems: Problems) -> Sequence[Model]:
    """The models of these names; one that cannot be loaded is a problem, and rules go on."""
    if not names:
        return ()
    from vedette import bundles, hiding

    settings = load_settings(config).settings
    key = hiding.key_of(settings.models)
    return bundles.models(settings.state.dir, names, problems, key)


def _state(config: Path | None) -> Path:
    """The state directory."""
    return load_settings(config).settings.state.dir


def check_report(path: Path) -> None:
    """Raise `InputError` for a report with no place to be, before the hunt is done in vain."""
    from engine.errors import InputError

    if path.is_dir():
        raise InputError("cannot write the report: it is a folder", file=str(path))
    if not path.parent.is_dir():
        raise InputError("cannot write the report: no such folder", file=str(path))


def write_report(outcome: Outcome, path: Path, title: str, command_line: str | None) -> None:
    """Write a hunt's report page and say where it is."""
    from vedette.output.safe import visible
    from vedette.report import render

    documents = (d for group in outcome.kept.kept.values() for d in group) if outcome.kept else ()
    info = render(
        outcome.summary,
        documents,
        path,
        title=title,
        generated=datetime.now(UTC),
        version=__version__,
        command=command_line,
    )
    click.echo(visible(f"Report: {info.path.resolve()}"), err=True)


def _stdin_or_path(path: Path) -> Path | Literal["-"]:
    return "-" if str(path) == "-" else path


def _tell_tuned(summary: Summary) -> None:
    """Say what the tuning held back, where no table does."""
    from vedette.output.closing import tuned
    from vedette.output.safe import visible

    for line in tuned(summary):
        click.echo(visible(line), err=True)


def _tell_scored(summary: Summary) -> None:
    """Say what models found, where no table does."""
    from vedette.output.closing import scored
    from vedette.output.safe import visible

    for line in scored(summary):
        click.echo(visible(line), err=True)


def _tell_problems(problems: Problems) -> None:
    """Name what went wrong on the way, where no table does."""
    from vedette.output.safe import visible

    for problem in problems:
        click.echo(visible(f"{problem.kind}: {problem}"), err=True)
    for kind, count in problems.counts.most_common():
        click.echo(visible(f"{kind}: {count:,} in all"), err=True)
