"""Options that several commands share, and how their texts become values."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from engine.errors import InputError, nearest_name
from engine.level import LEVELS, STATUSES
from engine.moment import parse_time

if TYPE_CHECKING:
    from connectors.files.time_format import TimeFormat
    from engine.kinds import LogSource
    from engine.rule import Selection
    from vedette.settings import Loaded

FORMATS = ("table", "ndjson", "json", "csv")
"""Output formats, said here again: their own module is slow to import."""

PATH = click.Path(path_type=Path)


CONFIG = click.option(
    "-c",
    "--config",
    "path",
    type=PATH,
    metavar="FILE",
    help="The configuration.  [default: $VEDETTE_CONFIG, else vedette.yml here, if any]",
)


NO_CACHE = click.option(
    "--no-cache",
    "cache",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Compile every rule anew; neither read nor write the cache.",
)


TIME_FORMAT = click.option(
    "--time-format",
    metavar="FORMAT",
    help="How lines of no known form write their time, such as '%d.%m.%Y %H:%M:%S'.",
)


def finder(given: str | None) -> TimeFormat | None:
    """What finds times of that format. Raises `InputError`."""
    from connectors.files.time_format import TimeFormat

    if given is None:
        return None
    try:
        return TimeFormat(given)
    except InputError as error:
        raise InputError(error.message, field="--time-format", expected=error.expected) from error


def rule_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which rules are wanted, and how they are to be read."""
    options = (
        click.option(
            "--rules",
            "-r",
            "rule_paths",
            type=PATH,
            multiple=True,
            metavar="PATH",
            help="File or folder of Sigma rules; may be repeated.  [default: Vedette's own]",
        ),
        click.option(
            "--min-level",
            metavar="LEVEL",
            help=f"Only rules of this level or above: {', '.join(LEVELS)}.",
        ),
        click.option(
            "--status",
            "statuses",
            multiple=True,
            metavar="STATUS",
            help=f"Only rules of this status; may be repeated: {', '.join(STATUSES)}.",
        ),
        click.option(
            "--tag",
            "tags",
            multiple=True,
            metavar="TAG",
            help="Only rules with this tag, or one below it (t1059 for t1059.001); repeatable.",
        ),
        click.option(
            "--exclude-rule",
            "excluded",
            multiple=True,
            metavar="ID|TITLE",
            help="Leave a rule out; may be repeated.",
        ),
        click.option(
            "--pipeline",
            "pipelines",
            type=PATH,
            multiple=True,
            metavar="FILE",
            help="pySigma processing pipeline to apply to every rule; may be repeated.",
        ),
        NO_CACHE,
    )
    for option in reversed(options):
        function = option(function)
    return function


def tuning_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which exceptions and tuning files count besides the rules."""
    options = (
        click.option(
            "--exceptions",
            type=PATH,
            multiple=True,
            metavar="PATH",
            help="File or folder of exceptions, besides those among the rules; repeatable.",
        ),
        click.option(
            "--tuning",
            "tuning_files",
            type=PATH,
            multiple=True,
            metavar="FILE",
            help="Tuning file: suppression, overrides, caps, building blocks; repeatable.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def selection(
    min_level: str | None,
    statuses: tuple[str, ...],
    tags: tuple[str, ...],
    excluded: tuple[str, ...],
) -> Selection:
    """The rules those options ask for. Raises `InputError` naming the nearest valid word."""
    from engine.rule import Selection

    return Selection(
        min_level=word("--min-level", min_level, LEVELS),
        statuses=frozenset(word("--status", status, STATUSES) or "" for status in statuses),
        tags=frozenset(tag.lower().removeprefix("attack.") for tag in tags),
        exclude=frozenset(name.lower() for name in excluded),
    )


def word(option: str, given: str | None, known: tuple[str, ...]) -> str | None:
    """One of the known words, in any case. Raises `InputError`."""
    if given is None or given.lower() in known:
        return given.lower() if given else None
    raise InputError(
        f"unknown value {given!r}",
        field=option,
        expected="one of " + ", ".join(known),
        nearest=nearest_name(given.lower(), known),
    )


def moment(option: str, given: str | None) -> datetime | None:
    """A time as an option gives it; without a zone it is UTC. Raises `InputError`."""
    if given is None:
        return None
    time = parse_time(given)
    if time is None:
        raise InputError(
            f"{given!r} is not a time",
            field=option,
            expected="ISO 8601, such as 2026-11-23 or 2026-11-23T02:30:00Z",
        )
    return time


def span(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """The times of --from and --to. Raises `InputError`, also when nothing lies between them."""
    first, last = moment("--from", start), moment("--to", end)
    if first and last and first >= last:
        raise InputError("not after --from, so no event can be meant", field="--to")
    return first, last


def stream(form: str) -> TextIO:
    """Standard output, made fit for a format: what programs read is UTF-8 with plain newlines."""
    if form != "table" and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")
    return sys.stdout


def log_source(text: str | None) -> LogSource | None:
    """`product=windows,category=process_creation` as a log source. Raises `InputError`."""
    from engine.kinds import LogSource

    if text is None:
        return None
    known = ("product", "service", "category")
    parts: dict[str, str] = {}
    for part in text.split(","):
        key, equals, name = part.strip().partition("=")
        if key not in known or not equals or not name:
            raise InputError(
                f"cannot read {part!r}",
                field="--logsource",
                expected="product=NAME, service=NAME or category=NAME",
                nearest=nearest_name(key, known) if key not in known else None,
            )
        parts[key] = name
    return LogSource(**parts)


def load_settings(path: Path | None) -> Loaded:
    """The configuration that a command was given, or the one it finds. Raises `SettingsErrors`."""
    from vedette.settings import find, load

    return load(find(path, os.environ, Path()), os.environ)


def duration(text: str, option: str = "--last") -> timedelta:
    """A duration that an option was given. Raises `InputError`."""
    from pydantic import TypeAdapter, ValidationError

    from vedette.settings.durations import Interval

    try:
        found: timedelta = TypeAdapter(Interval).validate_python(text)
    except ValidationError as error:
        context = error.errors(include_url=False, include_input=False)[0]["ctx"]
        raise InputError(context["message"], field=option, expected=context["expected"]) from None
    return found
