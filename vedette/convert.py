"""Rules as queries of other systems, by a pySigma backend."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sigma.collection import SigmaCollection
from sigma.conversion.base import Backend
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError, SigmaRuleLocation
from sigma.rule import SigmaRule

from engine.errors import RuleError
from engine.rule_files import rule_files
from engine.yaml_text import read_documents
from vedette.backends import use_own_attack_facts

Sigma = SigmaRule | SigmaCorrelationRule

BACKEND_ERRORS = (
    SigmaError,
    NotImplementedError,
    yaml.YAMLError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    RuntimeError,
)
"""What backends let out on rules that they were not written for."""


@dataclass(slots=True)
class Converted:
    """The queries, and the rules that have none with the reason."""

    queries: list[str] = field(default_factory=list)
    refused: list[RuleError] = field(default_factory=list)


def convert(paths: Sequence[Path], backend: Backend, form: str) -> Converted:
    """Convert every rule under the paths together, so that correlations find their rules.

    Raises `InputError` for a path that does not exist.
    """
    found = Converted()
    collection = _collection(paths, found)
    use_own_attack_facts()
    backend.init_processing_pipeline(form)
    queries: list[Any] = []
    for rule in collection.rules:
        try:
            if isinstance(rule, SigmaRule):
                queries += backend.convert_rule(rule, form)
            elif isinstance(rule, SigmaCorrelationRule):
                queries += backend.convert_correlation_rule(rule, form)
        except BACKEND_ERRORS as error:
            found.refused.append(_refusal(error, rule))
    try:
        found.queries.extend(_texts(backend.finalize(queries, form) if queries else []))
    except BACKEND_ERRORS as error:
        found.refused.append(_refusal(error, None))
    return found


def _collection(paths: Sequence[Path], found: Converted) -> SigmaCollection:
    """All rules that load, filters applied, rules before the correlations that need them."""
    parts: list[SigmaCollection] = []
    for file, _ in rule_files(paths):
        try:
            documents: list[Any] = [d for d in read_documents(file).items if isinstance(d, dict)]
            part = SigmaCollection.from_dicts(
                documents,
                collect_errors=True,
                source=SigmaRuleLocation(file),
                collect_filters=True,
                resolve_references=False,
            )
        except RuleError as error:
            found.refused.append(error)
            continue
        except BACKEND_ERRORS as error:  # pySigma lets these out on values it does not expect
            found.refused.append(RuleError(line_of(error), file=str(file)))
            continue
        found.refused.extend(_refusal(r.errors[0], r) for r in part.rules if r.errors)
        part.rules = [rule for rule in part.rules if not rule.errors]
        parts.append(part)
    whole = SigmaCollection.merge(parts, resolve_references=False)
    for rule in [r for r in whole.rules if isinstance(r, SigmaCorrelationRule)]:
        try:
            rule.resolve_rule_references(whole)
        except SigmaError as error:
            found.refused.append(_refusal(error, rule))
            whole.rules.remove(rule)
    whole.resolve_rule_references()
    return whole


def _refusal(error: Exception, rule: Any) -> RuleError:
    source = getattr(rule, "source", None)
    title = getattr(rule, "title", None)
    reason = line_of(error)
    return RuleError(
        f"{title}: {reason}" if title else reason, file=str(source.path) if source else None
    )


def _texts(output: Any) -> Iterator[str]:
    """A backend gives a text, a list of texts or objects, or bytes of a file."""
    for item in output if isinstance(output, list) else [output]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, bytes):
            yield item.decode("utf-8", "replace")
        else:
            yield json.dumps(item, default=str)


def line_of(error: Exception) -> str:
    """An error's words on one line, without the place that pySigma writes behind them."""
    text = re.sub(r"\s*\((?:while [a-z ]+ rule|in) .*\)\s*$", "", str(error), flags=re.DOTALL)
    return text.replace("\n", " ") or type(error).__name__
