"""The reference evaluator: slow, obvious, and the specification of what a rule means.

Any faster evaluator must agree with it on every event.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.event import Event
from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.pattern import RegexTimeoutError


def holds(expression: Expression, event: Event) -> bool:
    """Whether the expression is true of the event. Raises `RegexTimeoutError`."""
    match expression:
        case And(items):
            return all(holds(item, event) for item in items)
        case Or(items):
            return any(holds(item, event) for item in items)
        case Not(item):
            return not holds(item, event)
        case Test(field, predicate):
            if field is None:
                return any(predicate.holds((value,), event) for value in event.every_value())
            return predicate.holds(event.values(field), event)


def evidence(expression: Expression, event: Event) -> Iterator[Test]:
    """The positive tests that hold and made the expression true, in the rule's order.

    A test that does not answer in time is left out: what has matched stays matched.
    """
    match expression:
        case And(items):
            for item in items:
                yield from evidence(item, event)
        case Or(items):
            for item in items:
                if _surely(item, event):
                    yield from evidence(item, event)
        case Not():
            return
        case Test():
            if _surely(expression, event):
                yield expression


def _surely(expression: Expression, event: Event) -> bool:
    try:
        return holds(expression, event)
    except RegexTimeoutError:
        return False
