"""Loading the rules a command was asked for, and saying which could not be loaded."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.errors import InputError, Problem, RuleError, nearest_name
from engine.kinds import LogSource
from engine.library import Library
from engine.rule import Rule, RuleSet, Selection
from engine.tune.entries import Tuning
from engine.tune.shelf import Shelf
from vedette import ROOT
from vedette.output.safe import visible
from vedette.rulecache import RuleCache, open_cache

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

OWN_RULES = ROOT / "rules"
"""The project's own rules, in a checkout and in an installation alike."""

ESCAPES = (AttributeError, LookupError, TypeError, ValueError)
"""What pySigma lets out on values of a type that it does not expect."""

NAMED = 3
"""Titles of rules with regular expressions that may be stopped."""

SHOWN = 20
"""Refused rules that are named one by one before the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The tuning that is asked for beside the rules: more folders or files of exceptions, tuning
    files, and what else there is to be asked of alerts."""

    exceptions: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    base: Tuning = Tuning()  # noqa: RUF009 # immutable


UNTUNED = Tuned()


def load(
    paths: Sequence[Path],
    select: Selection,
    pipelines: Sequence[Path] = (),
    warn: Callable[[str], None] | None = None,
    *,
    cache: bool = True,
    tuning: Tuned = UNTUNED,
) -> RuleSet:
    """Load rules from the paths, or the project's own when there are none.

    `warn` is told of each tag and each excluded name that no rule has. Raises `InputError` for
    a missing path or a pipeline that is none. Without `cache` every rule is compiled.
    """
    return opened(paths, select, pipelines, warn, cache=cache, tuning=tuning)[1]


def opened(
    paths: Sequence[Path],
    select: Selection,
    pipelines: Sequence[Path] = (),
    warn: Callable[[str], None] | None = None,
    *,
    cache: bool = True,
    tuning: Tuned = UNTUNED,
) -> tuple[Library, RuleSet]:
    """The same, with the library that can look at the files again.

    Raises `RuleError` for a tuning file that cannot be used.
    """
    with uncollected():
        library, known = open_library(paths, pipelines, warn or caution, cache=cache, tuning=tuning)
        library.refresh()
        if known:
            known.keep()
        rules = library.select(select)
    if warn and (loaded := library.select(Selection()).rules):
        for text in astray(loaded, select):
            warn(text)
    return library, rules


def open_library(
    paths: Sequence[Path],
    pipelines: Sequence[Path],
    warn: Callable[[str], None],
    *,
    cache: bool,
    tuning: Tuned = UNTUNED,
) -> tuple[Library, RuleCache | None]:
    """The rules under the paths, and the cache to keep what the first load finds out.

    Pipelines are parsed where no cache knows what they lead to. Raises `InputError`.
    """

    def report(problem: Problem) -> None:
        warn(f"rule cache: {problem}")

    texts = [_read(file) for file in pipelines]
    paths = [*(paths or [OWN_RULES]), *tuning.exceptions]
    known = open_cache(paths, texts, report) if cache else None
    read = functools.cache(
        lambda: [_pipeline(*each) for each in zip(texts, pipelines, strict=True)]
    )
    if known is None or not known.found:
        read()
    volume = known.volume if known else None
    shelf = Shelf(tuning.files, tuning.base, read)
    shelf.refresh()
    if shelf.errors:
        raise shelf.errors[0]
    return Library(paths, read, volume=volume, report=report, shelf=shelf), known


def astray(rules: Sequence[Rule], select: Selection) -> Iterator[str]:
    """What a selection names and no rule has, each with the nearest name."""
    names = {name.lower() for rule in rules for name in (rule.id, rule.title)}
    for name in sorted(select.exclude - names):
        yield _nobody("no rule to leave out has the id or title", name, names)
    tags = {tag.lower().removeprefix("attack.") for rule in rules for tag in rule.tags}
    for tag in sorted(select.tags):
        if not any(Selection(tags=frozenset({tag})).wants(rule) for rule in rules):
            yield _nobody("no rule has the tag", tag, tags)


def astray_label(rules: Sequence[Rule], given: LogSource) -> Iterator[str]:
    """The names of a log source that no rule asks for, each with the nearest one."""
    for key in ("product", "service", "category"):
        names = {name for rule in rules if (name := getattr(rule.logsource, key))}
        name = getattr(given, key)
        if name and name not in names:
            yield _nobody(f"no rule is for the {key}", name, names)


def _nobody(text: str, name: str, known: Iterable[str]) -> str:
    nearest = nearest_name(name, known)
    return f"{text} {name!r}" + (f"; did you mean {nearest!r}?" if nearest else "")


def pipeline(file: Path) -> ProcessingPipeline:
    """Read a pySigma processing pipeline. Raises `InputError`."""
    return _pipeline(_read(file), file)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=str(file)) from error


def _pipeline(text: bytes, file: Path) -> ProcessingPipeline:
    import yaml
    from sigma.exceptions import SigmaError
    from sigma.processing.pipeline import ProcessingPipeline

    try:
        return ProcessingPipeline.from_yaml(text.decode())
    except (SigmaError, yaml.YAMLError, *ESCAPES) as error:
        reason = str(error).replace("\n", " ")
        raise InputError(f"not a processing pipeline: {reason}", file=str(file)) from error


def caution(text: str) -> None:
    """Say on standard error what is probably not meant."""
    click.echo(visible(f"warning: {text}"), err=True)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector: what is loaded stays, and looking at it costs a third."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            if not gc.get_freeze_count():
                # all of it counts as old now; else a collection would go through it at once
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def settle() -> None:
    """Take what is loaded out of the garbage collector's rounds: it lives as long as we do.

    A collection would go through all rules again and again, and find nothing; nor is there much
    to find in what is remembered of events, so it is looked at seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(250_000, 20, 100)


def tell(rules: RuleSet) -> None:
    """Say on standard error what was loaded, and name what was not."""
    for line in described(rules):
        click.echo(visible(line), err=True)


def described(rules: RuleSet) -> Iterable[str]:
    """The lines that `tell` writes."""
    for error in rules.refused[:SHOWN]:
        yield f"rule refused: {error}"
    if len(rules.refused) > SHOWN:
        yield f"rule refused: and {len(rules.refused) - SHOWN:,} more"
    for warning in rules.warnings:
        yield f"warning: {warning}"
    yield from _tuned(rules)
    slow = [rule.title for rule in rules.rules if not rule.linear]
    if slow:
        named = ", ".join(slow[:NAMED]) + (", …" if len(slow) > NAMED else "")
        yield f"{len(slow):,} rules need regular expressions that run under a time limit: {named}"
    parts = [f"{len(rules):,} rules loaded from {rules.files:,} files"]
    if rules.filters:
        parts.append(f"{rules.filters:,} filters")
    if rules.tuning and rules.tuning.exceptions:
        parts.append(f"{len(rules.tuning.exceptions):,} exceptions")
    if rules.unwanted:
        parts.append(f"{rules.unwanted:,} left out as asked")
    if rules.refused:
        parts.append(f"{len(rules.refused):,} refused")
    yield ", ".join(parts)


def _tuned(rules: RuleSet) -> Iterator[str]:
    """What of the tuning is over."""
    now = datetime.now(UTC)
    for each in rules.tuning.exceptions if rules.tuning else ():
        if each.expired(now):
            reason = f"{each.title}: expired after {each.expires} and does not apply any more"
            yield f"warning: {RuleError(reason, file=each.file, line=each.line)}"
