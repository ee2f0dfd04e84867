"""A correlation's document, read by pySigma and checked for what would pass unseen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionNOT,
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)
from sigma.exceptions import SigmaError

from engine.blame import blame, refusal
from engine.correlate.condition import OPERATORS, All, Either, Expression, Not, Occurs
from engine.correlate.rule import TYPES
from engine.correlate.value import number
from engine.errors import RuleError, nearest_name
from engine.yaml_text import Documents

KEYS = ("type", "rules", "generate", "group-by", "timespan", "aliases", "condition")
MAX_RULES = 64
MAX_COUNT = 1_000_000
"""The largest number of events or values that a condition may ask for."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A correlation as parsed, its references not yet resolved."""

    sigma: SigmaCorrelationRule
    written: Mapping[str, Any]
    documents: Documents
    ruleset: str
    tests: tuple[tuple[str, int | float], ...]
    percentile: int | float | None

    def refuse(self, message: str, field: str = "correlation") -> RuleError:
        """The error that refuses it."""
        return refusal(message, self.documents, self.written, field, None)

    @property
    def references(self) -> list[str]:
        """The names and ids of the rules it lists, as written."""
        condition = self.sigma.condition
        if self.sigma.rules is None and isinstance(condition, SigmaExtendedCorrelationCondition):
            return condition.get_referenced_rules()
        return [str(reference.reference) for reference in self.sigma.rules or ()]


def is_correlation(item: Any) -> bool:
    """Whether a document is a correlation."""
    return isinstance(item, Mapping) and "correlation" in item and "action" not in item


def draft(item: Mapping[str, Any], documents: Documents, ruleset: str) -> Draft:
    """Read a correlation's document. Raises `RuleError`."""

    def refuse(message: str, field: str, expected: str | None = None) -> RuleError:
        return refusal(message, documents, item, field, expected)

    block = item["correlation"]
    tests, percentile = _check(block, refuse)
    try:
        sigma = SigmaCorrelationRule.from_dict(_for_pysigma(item))
    except (SigmaError, TypeError, ValueError, AttributeError) as error:
        raise blame(error, documents, item.get("title")) from error
    return Draft(sigma, item, documents, ruleset, tests, percentile)


Refuse = Callable[..., RuleError]


def _check(
    block: Mapping[str, Any], refuse: Refuse
) -> tuple[tuple[tuple[str, int | float], ...], int | float | None]:
    """Refuse what pySigma lets pass; the condition's comparisons and percentile."""
    for key in block:
        if key not in KEYS:
            near = nearest_name(str(key), KEYS)
            raise refuse(f"unknown key {key!r}" + (f", did you mean {near!r}?" if near else ""),
                         "correlation", f"one of {', '.join(KEYS)}")  # fmt: skip
    kind = block.get("type")
    if kind not in TYPES:
        raise refuse(f"unknown type {kind!r}", "type", f"one of {', '.join(TYPES)}")
    _lists(block, refuse)
    condition = block.get("condition")
    if not isinstance(condition, Mapping):
        return (), None
    tests = _tests(condition, kind, refuse)
    fields = condition.get("field")
    if fields is not None and not _is_texts(fields):
        raise refuse("is not a field name, or a list of them", "field")
    if kind.startswith("value_") and kind != "value_count" and isinstance(fields, list):
        raise refuse(f"{kind} measures one field", "field")
    if not kind.startswith("value_") and fields is not None:
        raise refuse(f"{kind} counts no field", "field")
    return tests, _percentile(condition, kind, refuse)


def _lists(block: Mapping[str, Any], refuse: Refuse) -> None:
    rules = block.get("rules")
    if rules is not None and (not _is_texts(rules) or not rules):
        raise refuse("is not the name or id of a rule, or a list of them", "rules")
    if isinstance(rules, list) and len(rules) > MAX_RULES:
        raise refuse(f"lists {len(rules)} rules", "rules", f"at most {MAX_RULES}")
    group_by = block.get("group-by")
    if group_by is not None and not _is_texts(group_by):
        raise refuse("is not a field name, or a list of them", "group-by")
    for alias, fields in (block.get("aliases") or {}).items():
        if not isinstance(fields, Mapping) or not all(_is_text(f) for f in fields.values()):
            raise refuse(f"alias {alias!r} is not a map of rules to fields", "aliases")


def _tests(
    condition: Mapping[str, Any], kind: str, refuse: Refuse
) -> tuple[tuple[str, int | float], ...]:
    tests = []
    for op, bound in condition.items():
        if op in OPERATORS:
            value = number(bound)
            if value is None:
                raise refuse(f"{op} {bound!r} is not a number", "condition")
            tests.append((op, value))
    if not tests:
        raise refuse("compares nothing", "condition", f"one of {', '.join(OPERATORS)}")
    if not kind.startswith("value_") or kind == "value_count":
        _possible(tests, refuse)
    return tuple(tests)


def _possible(tests: list[tuple[str, int | float]], refuse: Refuse) -> None:
    """A window begins with an event: it never has none of them."""
    for op, bound in tests:
        if (op == "lt" and bound <= 1) or (op in ("lte", "eq") and bound < 1):
            raise refuse(
                f"{op} {bound} can never hold: a window has at least one event in it", "condition"
            )
        if op in ("gt", "gte") and bound > MAX_COUNT:
            raise refuse(f"{op} {bound} asks for too many", "condition", f"at most {MAX_COUNT:,}")


def _percentile(condition: Mapping[str, Any], kind: str, refuse: Refuse) -> int | float | None:
    given = condition.get("percentile")
    if kind != "value_percentile":
        if given is not None:
            raise refuse(f"{kind} has no percentile", "percentile")
        return None
    value = number(given)
    if value is None or not 0 <= value <= 100:
        raise refuse(f"percentile is {given!r}", "condition", "a number from 0 to 100")
    return value


def _for_pysigma(item: Mapping[str, Any]) -> dict[str, Any]:
    """The document as pySigma takes it: ids as text, and a range as its first comparison."""
    copy = deepcopy(dict(item))
    block = copy["correlation"]
    condition = block.get("condition")
    if isinstance(condition, Mapping):
        first = next(op for op in condition if op in OPERATORS)
        kept = {key: value for key, value in condition.items() if key not in OPERATORS}
        block["condition"] = {**kept, first: condition[first]}
        if "percentile" in kept:
            block["condition"]["percentile"] = int(kept["percentile"])
    copy.pop("vedette", None)
    return copy


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, list) and all(map(_is_text, value)))


def expression(draft: Draft) -> tuple[Expression | None, list[str]]:
    """The extended condition over the listed rules, and every name in it."""
    condition = draft.sigma.condition
    if isinstance(condition, SigmaCorrelationCondition):
        return None, []
    names = draft.references
    return _translated(condition.parsed, names), names


def _translated(
    node: CorrelationConditionItem | SigmaRuleReference, names: list[str]
) -> Expression:
    if isinstance(node, SigmaRuleReference):
        return Occurs(names.index(node.reference))
    parts = tuple(_translated(part, names) for part in node.args)
    if isinstance(node, CorrelationConditionNOT):
        return Not(parts[0])
    return All(parts) if isinstance(node, CorrelationConditionAND) else Either(parts)
