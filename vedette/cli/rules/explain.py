"""`vedette rules explain`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vedette.cli.options import NO_CACHE, PATH, word

if TYPE_CHECKING:
    from engine.ports import Record
    from engine.rule import Rule

FORMATS = ("table", "json")


@click.command("explain")
@click.argument("rule", metavar="RULE")
@click.argument("event", metavar="EVENT")
@click.option(
    "--rules",
    "-r",
    "rule_paths",
    type=PATH,
    multiple=True,
    metavar="PATH",
    help="Where to look for a rule named by its id or title.  [default: Vedette's own]",
)
@click.option(
    "--line",
    "-n",
    "number",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Which event of the file.  [default: the first]",
)
@click.option(
    "--logsource",
    metavar="KEY=NAME,…",
    help="What the event is, if it does not show it: product=, service=, category=.",
)
@click.option(
    "--pipeline",
    "pipelines",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="pySigma processing pipeline to apply to the rule; may be repeated.",
)
@NO_CACHE
@click.option("--output", "-o", "form", metavar="FORMAT", help="table or json.  [default: table]")
@click.option("--full", is_flag=True, help="Show every test of a long list.")
def explain(
    rule: str,
    event: str,
    rule_paths: tuple[Path, ...],
    number: int,
    logsource: str | None,
    pipelines: tuple[Path, ...],
    cache: bool,
    form: str | None,
    full: bool,
) -> int:
    """Say which parts of RULE hold for EVENT, and which do not.

    RULE is a file, or the id or title of a rule. EVENT is a file of events in any form that
    `vedette hunt` reads, `-` for standard input, or the event itself as JSON.

    \b
      vedette rules explain my-rules/new.yml recording.evtx --line 12
      vedette rules explain new.yml '{"EventID": 1, "Image": "C:\\\\x.exe"}'

    Exits with 2 when the rule cannot be loaded, with 3 on a usage or input error.
    """
    from engine.normalise import normalise
    from vedette.cli.options import log_source
    from vedette.explain import explain as explained
    from vedette.output.console import speaks_unicode, wants_color
    from vedette.output.explanation import document, lines
    from vedette.output.safe import json_text

    shown = word("--output", form, FORMATS) or "table"
    tags = log_source(logsource)
    rules = _find(rule, rule_paths, pipelines, cache=cache)
    if not rules:
        return 2
    normal = normalise(_event(event, number), tags)
    for place, each in enumerate(rules):
        explanation = explained(each, normal)
        if shown == "json":
            click.echo(json_text(json.dumps(document(explanation))))
            continue
        if place:
            click.echo()
        unicode = speaks_unicode(sys.stdout)
        color = wants_color(sys.stdout)
        for line in lines(explanation, color=color, unicode=unicode, full=full):
            click.echo(line)
    return 0


def _find(
    name: str, paths: tuple[Path, ...], pipelines: tuple[Path, ...], *, cache: bool
) -> list[Rule]:
    """The rules of a file, or the one with an id or title. Tells of those that do not load."""
    from engine.errors import InputError, nearest_name
    from engine.rule import Selection
    from vedette import rulesets
    from vedette.output.safe import visible

    file = Path(name)
    in_file = not paths and (file.suffix in (".yml", ".yaml") or file.is_file())
    rules = rulesets.load([file] if in_file else paths, Selection(), pipelines, cache=cache)
    found = rules.rules
    if not in_file:
        key = name.lower()
        found = [rule for rule in found if key in (rule.id.lower(), rule.title.lower())]
        if not found:
            names = {rule.title.lower(): rule.title for rule in rules.rules}
            near = nearest_name(key, names)
            message = f"no rule has the id or title {name!r}"
            raise InputError(message, nearest=names[near] if near else None)
    for error in rules.refused if in_file else ():
        click.echo(visible(f"rule refused: {error}"), err=True)
    single = [rule for rule in found if rule.bindings]
    for rule in found:
        if not rule.bindings:
            text = f"{rule.file}: {rule.title}: asks for several events, and is not explained"
            click.echo(visible(text), err=True)
    return single


def _event(text: str, number: int) -> Record:
    """The event asked about. Raises `InputError` when there is none."""
    from connectors.files import FileSource
    from engine.errors import InputError, Problem
    from engine.ports import Record

    if text.lstrip().startswith("{"):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"the event is not JSON: {error}") from error
        return Record(document, origin="argument")
    problems: list[Problem] = []
    source = FileSource(["-" if text == "-" else Path(text)], problems.append)
    count = 0
    for batch in source.poll(None):
        for record in batch.records:
            count += 1
            if count == number:
                return record
    reason = f"has {count:,} events, so that there is no number {number:,}"
    raise InputError(str(problems[0]) if problems and not count else reason, file=text)
