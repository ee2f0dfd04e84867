"""Conditions of the tuning, in Sigma's detection form, asked of what a rule has matched.

They are read by pySigma and evaluated by the engine like a rule's own: for each log source of
rules that they are asked about they are bound as a rule of that log source would be, so that
fields have their names of there (an audit event's `NewProcessName` is `Image`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from engine.event import Event
from engine.kinds import LogSource
from engine.match import reference
from engine.match.allowance import allowance
from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.predicates import Predicate, Text
from engine.tune.lists import InList

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

LABELS = "labels"
"""The binding that renames nothing."""

_MARK = "\uf8ffvedette list {}\uf8ff"
"""Stands for a list while pySigma reads a condition: it has no kind of value for one."""


class Condition:
    """A detection; `lists` are the placeholders that stand for lists, by name."""

    def __init__(self, detection: Mapping[str, Any], lists: Sequence[str] = ()) -> None:
        self._names = tuple(lists)
        self._detection = {key: self._marked(value) for key, value in detection.items()}
        self.pipelines: Callable[[], Sequence[ProcessingPipeline]] = tuple
        """The user's, as for rules."""
        self._bodies: dict[LogSource, dict[str, Expression]] = {}
        self._routes: dict[LogSource, list[tuple[str, Expression]]] = {}
        self.lists: Mapping[str, InList] = {}
        """The lists as they are now; a name that is not in it has no value and holds of nothing."""

    def check(self, source: LogSource) -> None:
        """Raises what `engine.logsource.bind` does when it means nothing for a log source."""
        self._bind(source)
        self._bodies.clear()

    def holds(self, source: LogSource, event: Event, binding: str = LABELS) -> bool:
        """Whether it holds of an event that a rule of a log source matched by a binding.

        Raises `RegexTimeoutError`.
        """
        bodies = self._bodies.get(source) or self._bind(source)
        with allowance():
            return reference.holds(bodies.get(binding, bodies[LABELS]), event)

    def fails(self, source: LogSource, event: Event) -> bool:
        """Whether it does not hold of an event of a log source, whatever rule that may match."""
        bodies = self._bodies.get(source) or self._bind(source)
        with allowance():
            return any(
                reference.holds(route, event) and not reference.holds(bodies[name], event)
                for name, route in self._routes[source]
            )

    def parts(self, source: LogSource) -> list[Expression]:
        """All that it asks of events of rules of a log source."""
        bodies = self._bodies.get(source) or self._bind(source)
        return [*bodies.values(), *(route for _, route in self._routes[source])]

    def using(
        self, lists: Mapping[str, InList], pipelines: Callable[[], Sequence[ProcessingPipeline]]
    ) -> Condition:
        """The same with the lists as they are now, and the user's pipelines."""
        other = copy(self)
        other.lists, other.pipelines = lists, pipelines
        other._bodies, other._routes = {}, {}
        return other

    def _bind(self, source: LogSource) -> dict[str, Expression]:
        from sigma.rule import SigmaRule

        from engine.logsource import bind  # slow to import, and nobody else has to

        parts = {"product": source.product, "service": source.service, "category": source.category}
        given = {key: value for key, value in parts.items() if value}
        rule = SigmaRule.from_dict(
            {"title": "Condition", "logsource": given or {"category": "correlation"},
             "detection": self._detection}
        )  # fmt: skip
        bindings = [(b.name, b.route, self._filled(b.body)) for b in bind(rule, self.pipelines())]
        self._routes[source] = [(name, route) for name, route, _ in bindings]
        found = self._bodies[source] = {name: body for name, _, body in bindings}
        return found

    def _marked(self, part: Any) -> Any:
        """A part of the detection with a mark in place of each placeholder that is a list."""
        if isinstance(part, Mapping):
            found: dict[Any, Any] = {}
            for name, value in part.items():
                field, _, modifiers = str(name).partition("|")
                listed = self._list(value) if modifiers == "expand" else None
                found[name if listed is None else field] = listed or self._marked(value)
            return found
        return [self._marked(item) for item in part] if isinstance(part, list) else part

    def _list(self, value: Any) -> str | list[str] | None:
        """The marks of placeholders that are lists, all of a value; None where one is not."""
        values = value if isinstance(value, list) else [value]
        names = [str(each)[1:-1] for each in values if str(each)[:1] == str(each)[-1:] == "%"]
        if len(names) != len(values) or not set(names) <= set(self._names):
            return None
        return [_MARK.format(self._names.index(name)) for name in names]

    def _filled(self, expression: Expression) -> Expression:
        """The expression with the lists in place of their marks."""
        if not self._names:
            return expression
        match expression:
            case And(items):
                return And(tuple(self._filled(item) for item in items))
            case Or(items):
                return Or(tuple(self._filled(item) for item in items))
            case Not(item):
                return Not(self._filled(item))
            case Test(field, predicate):
                return Test(field, self._of_mark(predicate))

    def _of_mark(self, predicate: Predicate) -> Predicate:
        if isinstance(predicate, Text):
            for number, name in enumerate(self._names):
                if predicate.pattern.segments == (_MARK.format(number),):
                    return self.lists.get(name, InList(name))
        return predicate
