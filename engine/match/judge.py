"""Can any of some rules match an event of a known kind, by the values that they read of it?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from engine.match.body import Body, Held
from engine.match.evaluate import Ruleset
from engine.match.expression import NEVER, Expression
from engine.match.fieldtests import NOTHING
from engine.match.memory import Budget
from engine.match.numbers import Numbers
from engine.match.predicates import as_number
from engine.match.specialise import Known, specialise


class Asking(Protocol):
    """A rule as it is asked of events: its condition, as written and made ready."""

    @property
    def expression(self) -> Expression:
        """What must hold."""
        ...

    @property
    def body(self) -> Body:
        """The same, ready."""
        ...

    @property
    def reads(self) -> frozenset[str]:
        """The fields that it reads."""
        ...

    @property
    def event_ids(self) -> frozenset[float] | None:
        """Event ids of which an event must have one for it to match; None when not known."""
        ...


class Judge:
    """The bodies of rules with what is known of the kind filled in.

    `first` are the fields whose tests say which rules are to be considered, `rest` the others,
    and `late` places of the rules that read any of these; `with_keywords` those with keywords, and
    `filled` the fields that were filled in;
    `keywords` the texts (in lower case) of which an event that a keyword rule matches has one,
    None when that is not known.
    """

    def __init__(
        self, rules: Sequence[Asking], known: Known, numbers: Numbers, budget: Budget
    ) -> None:
        self._origin: list[int] = []
        bodies: list[Body] = []
        ids = known.get("EventID")
        number = as_number(ids[0]) if ids else None
        for place, rule in enumerate(rules):
            if rule.reads.isdisjoint(known):
                bodies.append(rule.body)
            elif ids is not None and rule.event_ids is not None and number not in rule.event_ids:
                continue  # as `specialise` would find, which takes long for all rules of a log
            else:
                left = specialise(rule.expression, known)
                if left is NEVER:
                    continue
                bodies.append(Body(left, numbers))
            self._origin.append(place)
        self._ruleset = Ruleset(bodies, numbers, budget)
        self.with_keywords = tuple(
            origin for origin, body in zip(self._origin, bodies, strict=True) if body.keywords
        )
        self.filled = frozenset(known)
        self.first, self.rest = self._ruleset.first, self._ruleset.rest
        self.late = self._ruleset.late
        keywords = self._ruleset.keywords
        found = keywords.literals if keywords else []
        self.keywords = None if found is None else frozenset(found)

    def candidates(self, value_of: Callable[[str], Any]) -> tuple[int, ...]:
        """Places of the rules that may match an event without a keyword.

        `value_of` gives a field's value, a scalar, or None where it is missing.
        """
        held: Held = NOTHING
        for tests in self.first:
            value = value_of(tests.field)
            held = held | tests.held(() if value is None else (value,))
        places = self.places(held)
        if not places:
            return ()
        for tests in self.rest:
            value = value_of(tests.field)
            held = held | tests.held(() if value is None else (value,))
        return self.holding(places, held)

    def places(self, held: Iterable[int]) -> list[int]:
        """What is to be considered, given what held on the `first` fields."""
        return self._ruleset.places(held)

    def holding(self, places: Iterable[int], held: Held) -> tuple[int, ...]:
        """Places of the rules that may match, of those to be considered, given all that held."""
        return tuple(self._origin[place] for place in self._ruleset.holding(places, held))
