"""One rule's condition asked by itself: of events that it may match, and why it matched."""

from __future__ import annotations

from collections.abc import Iterator

from engine.event import Event
from engine.lazy import lazy
from engine.match.body import Body, Held
from engine.match.evaluate import Ruleset
from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.memory import Budget
from engine.match.numbers import Numbers


class Alone:
    """A condition whose tests all depend on one field's values alone, or are keywords.

    It says what `engine.match.reference` says, by what is remembered of the values.
    """

    def __init__(
        self, expression: Expression, body: Body, numbers: Numbers, budget: Budget
    ) -> None:
        assert body.exact
        self._expression, self._body, self._numbers = expression, body, numbers
        self._budget = budget

    @lazy
    def _ruleset(self) -> Ruleset:
        return Ruleset([self._body], self._numbers, self._budget)

    def holds(self, event: Event) -> bool:
        """Whether the condition is true of the event."""
        return self._body.check(self._ruleset.held(event), event)

    def evidence(self, event: Event) -> tuple[Test, ...]:
        """The positive tests that made it true, in the rule's order, each once."""
        return self.evidence_of(self._ruleset.held(event))

    def evidence_of(self, held: Held) -> tuple[Test, ...]:
        """The same, given the numbers of all its tests that hold, and maybe of others."""
        return tuple(dict.fromkeys(self._evidence(self._expression, held)))

    def _evidence(self, expression: Expression, held: Held) -> Iterator[Test]:
        match expression:
            case And(items):
                for item in items:
                    yield from self._evidence(item, held)
            case Or(items):
                for item in items:
                    if self._true(item, held):
                        yield from self._evidence(item, held)
            case Not():
                return
            case Test():
                if self._true(expression, held):
                    yield expression

    def _true(self, expression: Expression, held: Held) -> bool:
        match expression:
            case And(items):
                return all(self._true(item, held) for item in items)
            case Or(items):
                return any(self._true(item, held) for item in items)
            case Not(item):
                return not self._true(item, held)
            case Test():
                return self._numbers.of(expression) in held
