"""A correlation that is ready to be evaluated: what it listens to, and what fires it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.correlate.condition import Compare, Expression
from engine.correlate.measure import (
    Average,
    Count,
    Distinct,
    Measure,
    Percentile,
    Rules,
    RulesInOrder,
    Sum,
)
from engine.correlate.value import number
from engine.json_text import json_text
from engine.rule import Rule

TYPES = (
    "event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg",
    "value_percentile", "value_median",
)  # fmt: skip

SEPARATOR = "\x1f"
"""Between the values of several fields that are counted together."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """A loaded correlation rule.

    `sources` are the ids of the rules it listens to, in the listed order; a hit's places are
    places in it. `aliases` maps an alias to the field it stands for in each rule, by rule id.
    `span` is in microseconds, `timespan` the same as written. One of `compare` and `expression`
    is set. `content` is the hash of all that evaluation depends on, those rules included.
    """

    rule: Rule
    type: str
    sources: tuple[str, ...]
    titles: tuple[str, ...]
    span: int
    timespan: str
    group_by: tuple[str, ...] = ()
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    compare: Compare | None = None
    expression: Expression | None = None
    percentile: int | float = 50
    condition: str = ""
    """The extended condition as written, empty where there is none."""
    generate: bool = False
    content: str = ""

    @property
    def closing(self) -> bool:
        """Whether later events of a window can undo the condition, so that it must be over."""
        if self.compare is not None:
            return self.compare.closing
        return self.expression is not None and self.expression.negative

    @property
    def numeric(self) -> bool:
        """Whether values are measured as numbers."""
        return self.type in ("value_sum", "value_avg", "value_percentile", "value_median")

    @property
    def ordered(self) -> bool:
        """Whether the rules must match in the listed order."""
        return self.type == "temporal_ordered"

    def measure(self) -> Measure:
        """An empty window's measure."""
        match self.type:
            case "event_count":
                return Count()
            case "value_count":
                return Distinct()
            case "value_sum":
                return Sum()
            case "value_avg":
                return Average()
            case "value_percentile" | "value_median":
                return Percentile(self.percentile)
            case "temporal":
                return Rules(self.expression)
            case _:
                return RulesInOrder(len(self.sources), self.expression)

    def holds(self, measure: Measure) -> bool:
        """Whether the window so measured satisfies the condition."""
        value = measure.value()
        return value == 1 if self.compare is None else self.compare.holds(value)

    def field_of(self, name: str, source: str) -> str:
        """The field that a name stands for in the matches of a rule."""
        return self.aliases.get(name, {}).get(source, name)

    def reads(self, source: str) -> tuple[str, ...]:
        """The fields it reads of a rule's matches."""
        names = (*self.group_by, *self.fields)
        return tuple(dict.fromkeys(self.field_of(name, source) for name in names))

    def __str__(self) -> str:
        return self.rule.title


def as_saved(correlation: Correlation) -> dict[str, Any]:
    """What evaluation depends on, without the rules it listens to."""
    return {
        "type": correlation.type,
        "sources": list(correlation.sources),
        "span": correlation.span,
        "group_by": list(correlation.group_by),
        "aliases": {name: dict(fields) for name, fields in correlation.aliases.items()},
        "fields": list(correlation.fields),
        "compare": [list(test) for test in correlation.compare.tests] if correlation.compare else 0,
        "condition": correlation.condition,
        "percentile": correlation.percentile,
    }


def stamp(rule: Rule) -> str:
    """A hash of what a rule matches."""
    return digest([rule.document.get("logsource"), rule.document.get("detection")])


def digest(value: Any) -> str:
    """A hash of any value that a rule's text can hold."""
    return hashlib.sha256(json_text(value, sort=True).encode()).hexdigest()


def width(correlation: Correlation) -> int:
    """How many matches a window must be able to hold for its condition to be seen."""
    tests = correlation.compare.tests if correlation.compare else ()
    if correlation.type not in ("event_count", "value_count"):
        return 0
    return max((int(bound) + 1 for _, bound in tests if number(bound)), default=0)
