"""Rules as queries of other systems, by the pySigma backends that are installed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sigma.collection import SigmaCollection
from sigma.conversion.base import Backend
from sigma.exceptions import SigmaError
from sigma.plugins import InstalledSigmaPlugins
from sigma.processing.pipeline import ProcessingPipeline

from engine.errors import InputError, RuleError, nearest_name
from engine.load import rule_files
from engine.yaml_text import read_documents
from vedette.rulesets import pipeline as pipeline_file


@cache
def plugins() -> InstalledSigmaPlugins:
    """The backends and pipelines found in this Python's `sigma` namespace; nothing is fetched."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two backends of one name; the first is kept
        return InstalledSigmaPlugins.autodiscover(include_validators=False)


@dataclass(slots=True)
class Converted:
    """The queries, and the rules that have none with the reason."""

    queries: list[str] = field(default_factory=list)
    refused: list[RuleError] = field(default_factory=list)


def backend_of(target: str, pipelines: Sequence[str], form: str) -> Backend:
    """A backend ready to convert into one of its formats.

    `pipelines` are names of installed ones, or files. Raises `InputError` naming what there is.
    """
    known = plugins().backends
    made: Any = known.get(target)
    if made is None:
        installed = ", ".join(sorted(known)) or "none"
        raise InputError(
            f"no backend {target!r} is installed (installed: {installed})",
            field="--target",
            expected="the name of a pySigma backend; its package is called pysigma-backend-…",
            nearest=nearest_name(target, known),
        )
    if form not in made.formats:
        raise InputError(
            f"backend {target!r} has no format {form!r}",
            field="--format",
            expected="one of " + ", ".join(sorted(made.formats)),
            nearest=nearest_name(form, made.formats),
        )
    applied = sum((_pipeline(name) for name in pipelines), ProcessingPipeline())
    backend: Backend = made(applied)
    if backend.requires_pipeline and not pipelines:
        names = ", ".join(sorted(plugins().pipelines)) or "none"
        raise InputError(
            f"backend {target!r} needs a pipeline (installed: {names})", field="--pipeline"
        )
    return backend


def _pipeline(name: str) -> ProcessingPipeline:
    known = plugins().pipelines
    if name in known:
        return known[name]()
    if (path := Path(name)).is_file():
        return pipeline_file(path)
    installed = ", ".join(sorted(known)) or "none"
    raise InputError(
        f"no pipeline {name!r} is installed, nor is it a file (installed: {installed})",
        field="--pipeline",
        nearest=nearest_name(name, known),
    )


def convert(paths: Sequence[Path], backend: Backend, form: str) -> Converted:
    """Convert every rule under the paths together, so that correlations find their rules.

    Raises `InputError` for a path that does not exist.
    """
    found = Converted()
    documents: list[dict[Any, Any]] = []
    for file, _ in rule_files(paths):
        try:
            documents += [d for d in read_documents(file).items if isinstance(d, dict)]
        except RuleError as error:
            found.refused.append(error)
    backend.collect_errors = True
    try:
        rules = SigmaCollection.from_dicts(documents, collect_errors=True)
        output = backend.convert(rules, form)
    except (SigmaError, NotImplementedError, yaml.YAMLError, TypeError, ValueError) as error:
        found.refused.append(RuleError(_line(error)))
        return found
    found.queries.extend(_texts(output))
    for rule, reason in backend.errors:
        found.refused.append(RuleError(_line(reason), field=getattr(rule, "title", None)))
    return found


def _texts(output: Any) -> Iterator[str]:
    """A backend gives a text, a list of texts or objects, or bytes of a file."""
    for item in output if isinstance(output, list) else [output]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, bytes):
            yield item.decode("utf-8", "replace")
        else:
            yield yaml.safe_dump(item, sort_keys=False, allow_unicode=True).rstrip()


def _line(error: Exception) -> str:
    return str(error).replace("\n", " ") or type(error).__name__
