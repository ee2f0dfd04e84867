"""Sigma rules as ElastAlert 2's rule files, made by pySigma's backend for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sigma.backends.elasticsearch import ElastalertBackend
from sigma.exceptions import SigmaError, SigmaTransformationError
from sigma.rule import SigmaRule

from engine.kinds import LogSource
from engine.logsource import _ways
from engine.rule import Rule


@dataclass
class Converted:
    """Rules as ElastAlert takes them, by id, and why pySigma could not convert the others."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """One file for each rule."""
        folder.mkdir(parents=True)
        for number, document in enumerate(self.files.values()):
            text = yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper))
            (folder / f"{number:05}.yaml").write_text(text, encoding="utf-8")


def convert(rules: Iterable[Rule], index: str) -> Converted:
    """Rules for ElastAlert over one index, after the pipelines that we bind rules with.

    The ways in which a rule's events may come (Sysmon, audit) become one query, joined by OR: one
    search instead of two. A rule is named by its Sigma id, for ElastAlert wants names unique.
    Each match alerts (`realert`), and of an event only what tells it from others is asked.
    """
    converted = Converted()
    for rule in rules:
        try:
            queries = _queries(rule)
        except SigmaError as error:
            converted.refused[rule.id] = str(error).partition("\n")[0]
            continue
        if not queries:
            converted.refused[rule.id] = "its events are of no kind that an index could tell"
            continue
        converted.files[rule.id] = _file(rule, queries, index)
    return converted


def some(rules: Sequence[Rule], count: int) -> list[Rule]:
    """So many of the rules, evenly spaced; all when there are no more."""
    step = max(1.0, len(rules) / count)
    return [rules[int(n * step)] for n in range(min(count, len(rules)))]


def _queries(rule: Rule) -> list[dict[str, Any]]:
    """What the backend makes of a rule for each way in which its events come."""
    source = rule.document["logsource"]
    wanted = LogSource(source.get("product"), source.get("service"), source.get("category"))
    found: list[dict[str, Any]] = []
    for way, pipeline in _ways(wanted):
        if way == "labels":
            continue  # Vedette's own labels, which no index has
        parsed = SigmaRule.from_dict(deepcopy(dict(rule.document)))
        try:
            pipeline.apply(parsed)
        except SigmaTransformationError:
            continue  # audit events lack a field of the rule; `bind` leaves this way out too
        found += [yaml.safe_load(text) for text in ElastalertBackend().convert_rule(parsed)]
    return found


def _file(rule: Rule, queries: Sequence[dict[str, Any]], index: str) -> dict[str, Any]:
    texts = [query["filter"][0]["query"]["query_string"]["query"] for query in queries]
    joined = texts[0] if len(texts) == 1 else " OR ".join(f"({text})" for text in texts)
    return {
        **queries[0],
        "name": rule.id,
        "index": index,
        "filter": [{"query": {"query_string": {"query": joined, "analyze_wildcard": True}}}],
        "alert": ["debug"],
        "realert": {"minutes": 0},
        "include": ["number"],
    }
