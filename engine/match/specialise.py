"""A condition with what is known of an event already filled in.

All events of one kind have the same channel and event id, so most rules of a log source say no
to the whole kind, and of the others only a part is left to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.match.expression import ALWAYS, NEVER, And, Expression, Not, Or, Test
from engine.match.fieldtests import NO_EVENT
from engine.match.numbers import remembered
from engine.match.predicates import Number, Scalar

Known = Mapping[str, tuple[Scalar, ...]]
"""The values of some fields; a field that is missing or null has none: ()."""


def specialise(expression: Expression, known: Known) -> Expression:
    """What is left of an expression; equal to it on every event that has the known values.

    `ALWAYS` or `NEVER` themselves, where nothing is left to ask.
    """
    match expression:
        case And(items):
            return _all(items, known)
        case Or(items):
            return _any(items, known)
        case Not(item):
            inner = specialise(item, known)
            if inner is NEVER:
                return ALWAYS
            return NEVER if inner is ALWAYS else Not(inner)
        case Test(field, predicate):
            if field is None or field not in known or not remembered(expression):
                return expression
            return ALWAYS if predicate.holds(known[field], NO_EVENT) else NEVER


def needed_numbers(expression: Expression, field: str) -> frozenset[float] | None:
    """Numbers of which a field must have one for the expression to hold; None when not known."""
    match expression:
        case Test(name, Number(number)) if name == field:
            return frozenset((number,))
        case And(items):
            found = (needed_numbers(item, field) for item in items)
            return next((numbers for numbers in found if numbers is not None), None)
        case Or(items) if items:
            numbers: set[float] = set()
            for item in items:
                alternative = needed_numbers(item, field)
                if alternative is None:
                    return None
                numbers |= alternative
            return frozenset(numbers)
        case _:
            return None


def _all(items: Iterable[Expression], known: Known) -> Expression:
    kept: list[Expression] = []
    for item in items:
        left = specialise(item, known)
        if left is NEVER:  # most rules of a log source are for other event ids
            return NEVER
        if left is not ALWAYS:
            kept.append(left)
    if not kept:
        return ALWAYS
    return kept[0] if len(kept) == 1 else And(tuple(kept))


def _any(items: Iterable[Expression], known: Known) -> Expression:
    kept: list[Expression] = []
    for item in items:
        left = specialise(item, known)
        if left is ALWAYS:
            return ALWAYS
        if left is not NEVER:
            kept.append(left)
    if not kept:
        return NEVER
    return kept[0] if len(kept) == 1 else Or(tuple(kept))
