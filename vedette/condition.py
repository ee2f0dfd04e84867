"""A rule's condition as it is written, beside the expression that the engine made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyparsing import ParseException
from sigma.conditions import (
    ConditionAND,
    ConditionIdentifier,
    ConditionItem,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
    SigmaCondition,
)
from sigma.exceptions import SigmaError

from engine.match.expression import And, Expression, Not, Or

NOT_SEARCHES = ("condition", "timeframe")
"""Keys of a detection that are no searches."""


@dataclass(frozen=True, slots=True)
class Use:
    """One mention of searches: a name, or a pattern with its quantifier (`1`, `any`, `all`)."""

    pattern: str
    quantifier: str | None
    negated: bool

    def names(self, searches: Sequence[str]) -> list[str]:
        """The searches that are meant, as pySigma finds them."""
        if self.quantifier is None:
            return [name for name in searches if name == self.pattern]
        form = ".*" if self.pattern == "them" else self.pattern.replace("*", ".*")
        hidden = not self.pattern.startswith("_")
        return [
            name
            for name in searches
            if re.fullmatch(form, name) and not (hidden and name.startswith("_"))
        ]


def parse_condition(text: str) -> ConditionItem | None:
    """The tree of a condition, its searches still names; None when it is no condition."""
    try:
        condition = SigmaCondition(text, None)  # type: ignore[arg-type] # only read to resolve
        tree = condition.parse(postprocess=False)
    except (SigmaError, ParseException, RecursionError):
        return None
    return tree if isinstance(tree, ConditionItem) else None


def uses(item: object, *, negated: bool = False) -> Iterator[Use]:
    """Every mention of searches in a condition's tree, left to right."""
    match item:
        case ConditionIdentifier():
            yield Use(item.identifier, None, negated)
        case ConditionSelector():
            yield Use(item.pattern, item.args[0], negated)
        case ConditionNOT():
            yield from uses(item.args[0], negated=not negated)
        case ConditionItem():
            for arg in item.args:
                yield from uses(arg, negated=negated)


def searches(detection: Mapping[Any, Any]) -> list[str]:
    """The names of a detection's searches, in order."""
    return [name for name in detection if isinstance(name, str) and name not in NOT_SEARCHES]


def named_parts(document: Mapping[str, Any], expression: Expression) -> dict[int, str]:
    """Which parts of a rule's expression are which of its searches: `id(part)` → name.

    Empty when the expression has another shape than the condition as written. What pipelines
    and filters put around the condition is passed over.
    """
    detection = document.get("detection")
    if not isinstance(detection, Mapping):
        return {}
    written = detection.get("condition")
    texts = written if isinstance(written, list) else [written]
    trees = [parse_condition(text) if isinstance(text, str) else None for text in texts]
    if not trees or None in trees:
        return {}
    tree = trees[0] if len(trees) == 1 else ConditionOR(list(trees))
    return _find(tree, expression, searches(detection), 3)


class _OtherShapeError(Exception):
    """The expression was not made of this condition."""


def _find(tree: object, expression: Expression, names: Sequence[str], depth: int) -> dict[int, str]:
    try:
        return {id(part): name for name, part in _align(tree, expression, names)}
    except _OtherShapeError:
        # a pipeline's added condition, or a filter: (added and (rule))
        if isinstance(expression, And) and depth:
            tried = (_find(tree, item, names, depth - 1) for item in expression.items)
            return next((found for found in tried if found), {})
        return {}


def _align(
    tree: object, expression: Expression, names: Sequence[str]
) -> Iterator[tuple[str, Expression]]:
    match tree, expression:
        case ConditionIdentifier(), _:
            yield tree.identifier, expression
        case ConditionSelector(), _:
            found = Use(tree.pattern, tree.args[0], False).names(names)
            kind = Or if tree.cond_class is ConditionOR else And
            yield from zip(found, _items(expression, kind, len(found)), strict=True)
        case ConditionNOT(), Not(item):
            yield from _align(tree.args[0], item, names)
        case ConditionAND() | ConditionOR(), _:
            args = [arg for arg in tree.args if _lasts(arg, names)]
            kind = Or if isinstance(tree, ConditionOR) else And
            for arg, part in zip(args, _items(expression, kind, len(args)), strict=True):
                yield from _align(arg, part, names)
        case _:
            raise _OtherShapeError


def _items(
    expression: Expression, kind: type[And] | type[Or], count: int
) -> tuple[Expression, ...]:
    """The parts of a conjunction or disjunction; of one part pySigma leaves only itself."""
    if count == 1:
        return (expression,)
    if isinstance(expression, kind) and len(expression.items) == count:
        return expression.items
    raise _OtherShapeError


def _lasts(tree: object, names: Sequence[str]) -> bool:
    """Whether anything is left of a part: a pattern that fits no search is dropped."""
    return any(use.quantifier is None or use.names(names) for use in uses(tree))
