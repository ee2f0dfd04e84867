"""`vedette logs`: is a source of events fit for detection?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import InputError
from vedette.cli.options import PATH, TIME_FORMAT, duration, finder, load_settings, log_source, word

if TYPE_CHECKING:
    from connectors.files.time_format import TimeFormat
    from engine.errors import Problems
    from engine.event import Event
    from engine.rule import Rule, RuleSet
    from vedette.logcheck.finding import Finding
    from vedette.settings import Settings

FORMATS = ("table", "json")
GRAVE = ("fail", "warn")
FOUND = 1
"""Exit code when a finding is as grave as --fail-on."""


@click.group("logs")
def command() -> None:
    """Look whether logs are fit for detection."""


@command.command("check")
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option(
    "-c",
    "--config",
    "path",
    type=PATH,
    metavar="FILE",
    help="The configuration.  [default: $VEDETTE_CONFIG, else vedette.yml here, if any]",
)
@click.option(
    "--last", default="24h", show_default=True, metavar="DURATION", help="Of an index: so far back."
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Look at so many events at most."
)
@click.option("--logsource", "tags", metavar="KEY=NAME,…", help="Log source of events in files.")
@TIME_FORMAT
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
@click.option(
    "--fail-on", metavar="STATE", help="Exit with 1 on: fail, or warn too.  [default: fail]"
)
@click.option("--list", "listing", is_flag=True, help="List all checks, as Markdown, and stop.")
def check(
    sources: tuple[str, ...],
    path: Path | None,
    last: str,
    limit: int | None,
    tags: str | None,
    time_format: str | None,
    form: str | None,
    fail_on: str | None,
    listing: bool,
) -> int:
    """Say whether SOURCE is fit for detection: a configured source's name, or files.

    Looked at are times, zones, hosts, text that nothing has parsed, types of fields, encodings,
    copies, volume and silence, and whether any loaded rule is for the events. A file named
    outright may also be plain text.
    """
    from connectors.files.stamp import find_stamp
    from vedette.logcheck.registry import Given, every, observe

    shown = word("--output", form, FORMATS) or "table"
    grave = GRAVE[: GRAVE.index(word("--fail-on", fail_on, GRAVE) or "fail") + 1]
    if listing:
        click.echo("| check | asks |\n|---|---|")
        for each in every():
            click.echo(f"| `{each.name}` | {each.asks} |")
        return 0
    if not sources:
        raise InputError("nothing to look at", field="SOURCE", expected="a source's name, or files")
    settings = load_settings(path).settings
    rules = _rules(settings)
    code = 0
    times = finder(time_format)
    for name, events, problems, find in _opened(sources, settings, duration(last), tags, times):
        given = Given(_for(name, settings, rules), datetime.now(UTC), find or find_stamp)
        count, findings = observe(islice(events, limit), given)
        findings = [*_reading(problems), *([] if count else [_nothing(last)]), *findings]
        _show(name, count, findings, shown)
        if not count or any(finding.state in grave for finding in findings):
            code = FOUND
    return code


def _rules(settings: Settings) -> Mapping[str, RuleSet]:
    from vedette.wiring import rules_of

    return rules_of(settings)


def _for(name: str, settings: Settings, rules: Mapping[str, RuleSet]) -> list[Rule]:
    """The rules of a source's pipeline; for files, which are of none, those of all pipelines."""
    plans = [plan.name for plan in settings.plan if name in plan.sources] or list(rules)
    found = {rule.id: rule for plan in plans for rule in rules[plan].rules}
    return list(found.values())


def _opened(
    sources: tuple[str, ...],
    settings: Settings,
    last: timedelta,
    tags: str | None,
    times: TimeFormat | None,
) -> Iterator[tuple[str, Iterator[Event], Problems, TimeFormat | None]]:
    """Each source with its events, what will be wrong in reading them, and how its lines tell
    times; files are one."""
    from engine.errors import Problems
    from vedette.events import of_paths, of_source, source_of
    from vedette.settings import FolderSource

    labels = log_source(tags)
    paths: list[Any] = [
        "-" if name == "-" else Path(name) for name in sources if name == "-" or Path(name).exists()
    ]
    named = [source_of(settings, n) for n in sources if n != "-" and not Path(n).exists()]
    if paths:
        problems = Problems()
        shown = ", ".join(map(str, paths[:3])) + (", …" if len(paths) > 3 else "")
        yield shown, of_paths(paths, problems, labels, times), problems, times
    for source in named:
        problems = Problems()
        events = of_source(settings, source, problems, lambda: datetime.now(UTC), last)
        own = source.times() if isinstance(source, FolderSource) else None
        yield source.name, events, problems, own


def _reading(problems: Problems) -> Iterator[Finding]:
    """What could not be read, as a finding."""
    from vedette.logcheck.finding import EXAMPLES, Finding

    if problems:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in problems.counts.most_common(5))
        texts = tuple(str(problem) for problem in list(problems)[:EXAMPLES])
        advice = "what cannot be read is never evaluated"
        told = f"{len(problems):,} problems in reading: {kinds}"
        yield Finding("warn", told, advice, dict(problems.counts), texts, "reading")


def _nothing(last: str) -> Finding:
    """That no event came, as a finding."""
    from vedette.logcheck.finding import Finding

    advice = f"of an index the last {last} are looked at (--last); see whether anything is shipped"
    return Finding("fail", "no event came", advice, check="reading")


def _show(name: str, count: int, findings: list[Finding], form: str) -> None:
    from vedette.output.safe import json_text, visible

    if form == "json":
        for finding in findings:
            line = {"source": name, "events": count, **finding.as_json()}
            click.echo(json_text(json.dumps(line, ensure_ascii=False, default=str)))
        if not findings:
            click.echo(json.dumps({"source": name, "events": count}))
        return
    click.echo(visible(f"{name}: {count:,} events looked at"))
    for finding in findings:
        click.echo(visible(f"{finding.state:<5} {finding.check:<11} {finding.message}"))
        if finding.advice and finding.state != "ok":
            click.echo(visible(f"{'':<17} → {finding.advice}"))
        for example in finding.examples if finding.state != "ok" else ():
            click.echo(visible(f"{'':<17} · {example}"))
    click.echo()
