"""A first look at a document as it came: can any rule match it at all?

Most events match nothing. The screen says so soundly and quickly: it fetches only the values
that the rules of the event's log sources read, and remembers the answer for the whole tuple of
them. What it lets pass is normalised and evaluated; what it cannot judge, it lets pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from engine.layout import Layout
from engine.match.fieldtests import LONGEST_KEPT, characters
from engine.match.judge import Asking, Judge
from engine.match.keywords import Keywords
from engine.match.memory import Budget, Memory
from engine.match.numbers import Numbers

LAYOUTS_KEPT = 4096
PLANS_KEPT = 1024
"""Bounds on hostile variety; beyond them everything is forgotten and learnt anew."""

Route = Callable[[Mapping[str, Any]], Sequence[Asking]]
"""The rules that a document meets, a function of its routing values."""

Read = Callable[[Mapping[str, Any]], tuple[Any, ...]]


class Plan:
    """What to ask of events of one layout whose routing keys have the values of `fixed`."""

    def __init__(
        self,
        layout: Layout,
        rules: Sequence[Asking],
        numbers: Numbers,
        budget: Budget,
        fixed: Mapping[str, Any],
    ) -> None:
        read = frozenset[str]().union(*(rule.reads for rule in rules))
        places = {field: layout.place(field) for field in read}
        known = {
            field: one(fixed[place]) if place else ()
            for field, place in places.items()
            if place is None or place in fixed
        }
        self._judge = Judge(rules, known, numbers, budget)
        asked = [tests.field for tests in (*self._judge.first, *self._judge.rest)]
        watched = {parent for field in read for parent in layout.parents(field)} - fixed.keys()
        self._index = {field: place for place, field in enumerate(asked)}
        self._read = reader([*(places[field] or "" for field in asked), *sorted(watched)])
        self._known = Memory[bool](budget)
        self._typed = False
        found = self._judge.keywords
        self.keywords = Keywords.of(found) if found != frozenset() else None

    def passes(self, document: Mapping[str, Any], raw: bytes | None) -> bool:
        """Whether an event may match a rule."""
        values = self._read(document)
        try:
            known = self._known.answers.get(typed(values) if self._typed else values)
            if known is None:
                known = self._look(values)
        except TypeError:  # an object or array where a rule looks: left to the whole evaluation
            return True
        if known or self.keywords is None:
            return known
        return self.keywords.may_stand_in(document, raw)

    def _look(self, values: tuple[Any, ...]) -> bool:
        """The answer for values not seen before."""
        if not _SCALARS.issuperset(map(type, values)):
            return True
        if not self._typed and not _AMBIGUOUS.isdisjoint(values):
            # answers kept without types stay right: none of their keys equals an ambiguous one
            self._typed = True
        index = self._index
        found = bool(self._judge.candidates(lambda field: values[index[field]]))
        length = characters(values)
        key = typed(values) if self._typed else values
        return self._known.keep(key, found, length) if length <= LONGEST_KEPT else found


def one(value: Any) -> tuple[Any, ...]:
    """The values of a field that has this one, or null."""
    return () if value is None else (value,)


def typed(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Values with their types: to a rule True is not 1, though it is to a dictionary."""
    return (values, tuple(map(type, values)))


_AMBIGUOUS = frozenset({0, 1})
_SCALARS = frozenset({str, int, float, bool, type(None)})


def reader(keys: Sequence[str]) -> Read:
    """What fetches the values of some keys as a tuple, however many there are."""
    if not keys:
        return lambda _: ()
    if len(keys) == 1:
        only = keys[0]
        return lambda document: (document[only],)
    return itemgetter(*keys)


class Screen:
    """Plans for every layout and log source met so far.

    `route` gives the rules that a document meets, a function of its layout and of the values
    of the `routing` fields; it is asked once for each plan, after `patience` events of it.
    """

    def __init__(
        self,
        routing: Sequence[str],
        route: Route,
        numbers: Numbers,
        budget: Budget,
        patience: int = 0,
    ) -> None:
        self._routing = sorted({*routing, *IDENTITY})
        self._route, self._numbers, self._budget = route, numbers, budget
        self._patience = patience
        self._layouts: dict[tuple[str, ...], _Routed | None] = {}

    def passes(self, document: Mapping[str, Any], raw: bytes | None = None) -> bool:
        """Whether any rule may match the document; True when that cannot be told here.

        `raw` is the JSON text that the document was read from, where there is one.
        """
        keys = tuple(document)
        try:
            routed = self._layouts[keys]
        except KeyError:
            routed = self._learn(keys)
        return routed is None or routed.passes(document, raw)

    def _learn(self, keys: tuple[str, ...]) -> _Routed | None:
        if len(self._layouts) >= LAYOUTS_KEPT:
            self._layouts.clear()
        layout = Layout.of(keys)
        routed = self._routed(layout) if layout else None
        self._layouts[keys] = routed
        return routed

    def _routed(self, layout: Layout) -> _Routed:
        return _Routed(
            layout, self._routing, self._route, self._numbers, self._budget, self._patience
        )


IDENTITY = ("Channel", "EventID")
"""What makes a Windows event one; without a value for both, an event has no plan."""


class _Routed:
    """The plans of one layout by the values that route its events."""

    def __init__(
        self,
        layout: Layout,
        routing: Sequence[str],
        route: Route,
        numbers: Numbers,
        budget: Budget,
        patience: int = 0,
    ) -> None:
        self._layout, self._route = layout, route
        self._numbers, self._budget, self._patience = numbers, budget, patience
        places = {place for field in routing if (place := layout.place(field)) is not None}
        places.update(parent for field in routing for parent in layout.parents(field))
        self._keys = sorted(places)
        self._identity = [layout.place(name) or "" for name in IDENTITY]
        self._read = reader(self._keys)
        self.plans: dict[Any, Plan] = {}
        self._met: Counter[Any] = Counter()

    def passes(self, document: Mapping[str, Any], raw: bytes | None) -> bool:
        values = self._read(document)
        try:
            plan = self.plans.get(values)
            if plan is None and not _AMBIGUOUS.isdisjoint(values):
                values = typed(values)
                plan = self.plans.get(values)
        except TypeError:  # an object or array where a log source is told
            return True
        if plan is None:
            fixed = {key: document[key] for key in self._keys}
            if any(fixed[key] is None for key in self._identity):
                return True
            if len(self._met) >= PLANS_KEPT:
                self._met.clear()
            self._met[values] += 1
            if self._met[values] <= self._patience:
                return True
            if len(self.plans) >= PLANS_KEPT:
                self.plans.clear()
            rules = self._route(document)
            plan = Plan(self._layout, rules, self._numbers, self._budget, fixed)
            self.plans[values] = plan
        return plan.passes(document, raw)
