"""Loading the rules a command was asked for, and saying which could not be loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import yaml
from sigma.exceptions import SigmaError
from sigma.processing.pipeline import ProcessingPipeline

from engine.errors import InputError
from engine.load import load_rules
from engine.rule import RuleSet, Selection
from vedette import ROOT
from vedette.output.safe import visible

OWN_RULES = ROOT / "rules"
"""The project's own rules, in a checkout and in an installation alike."""

SHOWN = 20
"""Refused rules that are named one by one before the rest is only counted."""


def load(paths: Sequence[Path], select: Selection, pipelines: Sequence[Path] = ()) -> RuleSet:
    """Load rules from the paths, or the project's own when there are none.

    Raises `InputError` for a missing path or a pipeline that is none.
    """
    read = [pipeline(file) for file in pipelines]
    return load_rules(paths or [OWN_RULES], select=select, pipelines=read)


def pipeline(file: Path) -> ProcessingPipeline:
    """Read a pySigma processing pipeline. Raises `InputError`."""
    try:
        return ProcessingPipeline.from_yaml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=str(file)) from error
    except (SigmaError, yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError) as error:
        reason = str(error).replace("\n", " ")
        raise InputError(f"not a processing pipeline: {reason}", file=str(file)) from error


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
    slow = sum(not rule.linear for rule in rules.rules)
    if slow:
        yield f"{slow:,} rules need regular expressions that run under a time limit"
    parts = [f"{len(rules):,} rules loaded from {rules.files:,} files"]
    if rules.filters:
        parts.append(f"{rules.filters:,} filters")
    if rules.unwanted:
        parts.append(f"{rules.unwanted:,} left out as asked")
    if rules.refused:
        parts.append(f"{len(rules.refused):,} refused")
    yield ", ".join(parts)
