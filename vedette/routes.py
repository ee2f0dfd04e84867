"""Which rules are for an event at all: those of its log source, whatever it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from engine.binding import Binding
from engine.event import Event
from engine.match import reference
from engine.match.expression import Expression, fields
from engine.match.predicates import Scalar
from engine.rule import Rule

KEPT = 4096
"""Distinct values of the routing fields whose answer is remembered."""

Route = tuple[tuple[Rule, Binding], ...]


class Routes:
    """The rules by the log sources that their bindings demand."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        found: dict[Expression, list[tuple[Rule, Binding]]] = {}
        for rule in rules:
            for binding in rule.bindings:
                found.setdefault(binding.route, []).append((rule, binding))
        self._routes = found
        self._fields = tuple(sorted({name for route in found for name in fields(route)}))
        self._known: dict[tuple[tuple[Scalar, ...], ...], Route] = {}

    def of(self, event: Event) -> Route:
        """The rules for an event's log source, each with the binding that leads to it."""
        key = tuple(event.values(name) for name in self._fields)
        known = self._known.get(key)
        if known is None:
            known = tuple(
                pair
                for route, pairs in self._routes.items()
                if reference.holds(route, event)
                for pair in pairs
            )
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[key] = known
        return known

    def read(self, events: Iterable[Event]) -> Counter[str]:
        """The fields that the rules for some events read, and how many rules read each."""
        rules = {(rule.id, binding) for event in events for rule, binding in self.of(event)}
        found: dict[str, set[str]] = {}
        for id, binding in rules:
            for name in fields(binding.body):
                found.setdefault(name, set()).add(id)
        return Counter({name: len(ids) for name, ids in found.items()})
