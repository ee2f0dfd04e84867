"""Rules as the queries that pySigma's search backends make of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from sigma.backends.elasticsearch import LuceneBackend
from sigma.backends.opensearch import OpensearchLuceneBackend
from sigma.conditions import ConditionFieldEqualsValueExpression
from sigma.conversion.state import ConversionState
from sigma.exceptions import SigmaError, SigmaTransformationError
from sigma.rule import SigmaRule

from engine.kinds import LogSource
from engine.logsource import _ways
from engine.rule import Rule

BACKENDS: dict[str, type[LuceneBackend]] = {
    "elasticsearch": LuceneBackend,
    "opensearch": OpensearchLuceneBackend,
}

SEARCHED, NETWORKS = "regular expressions searched", "networks spelled out"
"""What `Converter` can mend in queries, to show what a difference comes from."""


@dataclass(frozen=True)
class Query:
    """A query string for one of the ways in which events of a rule's log source come."""

    rule: str
    way: str
    text: str


@dataclass
class Converter:
    """Converts rules by a server's own backend, after the pipelines that we bind rules with.

    A rule that the backend refuses in any way is left out and said in `refused`; the way by our
    own labels is none that an index knows.
    """

    kind: str
    rules: Mapping[str, Rule]
    refused: dict[str, str] = field(default_factory=dict)
    _parsed: dict[str, SigmaRule] = field(default_factory=dict)

    def queries(self, rule: str, mended: frozenset[str] = frozenset()) -> list[Query]:
        """One query for each way, none when the backend refuses the rule."""
        parsed = self._parsed.get(rule)
        if parsed is None:
            document = deepcopy(dict(self.rules[rule].document))
            parsed = self._parsed[rule] = SigmaRule.from_dict(document)
        found: list[Query] = []
        for way, pipeline in _ways(_source(parsed)):
            if way == "labels":
                continue
            copy = deepcopy(parsed)
            try:
                pipeline.apply(copy)
            except SigmaTransformationError:
                continue  # audit events lack a field of the rule; `bind` leaves this way out too
            try:
                texts: list[Any] = _mend(BACKENDS[self.kind], mended)().convert_rule(copy)
            except SigmaError as error:
                self.refused[rule] = str(error).partition("\n")[0]
                return []
            found += [Query(rule, way, text) for text in texts]
        return found


def _source(rule: SigmaRule) -> LogSource:
    return LogSource(rule.logsource.product, rule.logsource.service, rule.logsource.category)


def _mend(backend: type[LuceneBackend], mended: frozenset[str]) -> type[LuceneBackend]:
    """The backend, with Sigma's meaning put in where its queries have another."""
    own: dict[str, Any] = {}
    if SEARCHED in mended:
        own |= {"re_expression": "{field}:/(.|\n)*({regex})(.|\n)*/", "convert_value_re": _plain_re}
    if NETWORKS in mended:
        own |= {"convert_condition_field_eq_val_cidr": _spelled_out}
    return type(f"Mended{backend.__name__}", (backend,), own) if own else backend


def _plain_re(self: LuceneBackend, value: Any, state: ConversionState) -> str:
    """Lucene knows no flags and no groups that are not kept; the index to ask is in lower case."""
    text: str = LuceneBackend.convert_value_re(self, value, state)
    text = text.replace("(?i)", "").replace("(?:", "(")
    return re.sub(r"(?<!\\)[A-Z]", lambda found: found[0].lower(), text)


def _spelled_out(
    self: LuceneBackend, cond: ConditionFieldEqualsValueExpression, state: ConversionState
) -> Any:
    """A network as the beginnings of its addresses, which is how a text can be in it."""
    texts = cond.value.expand("*")
    escaped = (text.replace(":", "\\:").replace("/", "\\/") for text in texts)
    return f"{cond.field}:({' OR '.join(escaped)})"
