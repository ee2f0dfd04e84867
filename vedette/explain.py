"""Why a rule matches an event, or does not: its condition as a tree with every answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from engine.binding import Binding
from engine.event import Event
from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.pattern import RegexTimeoutError
from engine.match.predicates import Text, as_text
from engine.match.reference import holds
from engine.rule import Rule
from vedette.condition import named_parts

VALUES = 5
"""Values of a field that are shown."""

LONGEST = 200
"""Characters shown of a value."""

Kind = Literal["all", "any", "not", "test"]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the condition and whether it holds; None when a regular expression timed out.

    `search` is the name that the rule gives to this part. A test has the field asked (None:
    every value), what it asks of it, the values that the event has there, and perhaps the name
    of a field that the event has in its place.
    """

    kind: Kind
    holds: bool | None
    search: str | None = None
    parts: tuple[Node, ...] = ()
    field: str | None = None
    test: str = ""
    values: tuple[str, ...] = ()
    more: int = 0
    other_field: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which events of the rule's log source reach it, and whether this event does."""

    name: str
    route: Node
    body: Node

    @property
    def reached(self) -> bool:
        """Whether the event takes this way."""
        return self.route.holds is True


@dataclass(frozen=True, slots=True)
class Explanation:
    """All ways of a rule for one event; `shown` is the one that tells most."""

    rule: Rule
    ways: tuple[Way, ...]

    @property
    def matches(self) -> bool:
        """Whether the rule matches the event."""
        return any(way.reached and way.body.holds is True for way in self.ways)

    @property
    def shown(self) -> Way:
        """The way that matched, else one that the event takes, else the nearest to that."""
        return max(
            self.ways,
            key=lambda way: (
                way.reached and way.body.holds is True,
                way.reached,
                -len(missing(way.route)),
                -len(missing(way.body)),
            ),
        )


def explain(rule: Rule, event: Event) -> Explanation:
    """Ask every part of a rule about an event. The rule must have bindings."""
    return Explanation(rule, tuple(_way(rule, binding, event) for binding in rule.bindings))


def missing(node: Node) -> tuple[Node, ...]:
    """The fewest tests that would have to turn out otherwise for the node to hold."""
    return _flips(node, True)


def _flips(node: Node, wanted: bool) -> tuple[Node, ...]:
    if node.holds is wanted:
        return ()
    if node.kind == "test":
        return (node,)
    if node.kind == "not":
        return _flips(node.parts[0], not wanted)
    options = [_flips(part, wanted) for part in node.parts]
    if (node.kind == "all") is wanted:
        return tuple(test for option in options for test in option)
    return min(options, key=len, default=())


def _way(rule: Rule, binding: Binding, event: Event) -> Way:
    body = _in_shape(rule.bindings[-1].body, binding.body)
    names = named_parts(rule.document, body)
    return Way(binding.name, _node(binding.route, event, {}), _node(body, event, names))


def _in_shape(written: Expression, body: Expression) -> Expression:
    """A body in the shape of the rule as it is written.

    A way that adds conditions of its own has all that must hold in one flat row.
    """
    if _row(body) != list(body.items if isinstance(body, And) else (body,)):
        return body
    row = _row(body)
    if len(row) != len(_row(written)):
        return body
    return _filled(written, iter(row))


def _row(expression: Expression) -> list[Expression]:
    """What must hold, through all nested conjunctions."""
    if not isinstance(expression, And):
        return [expression]
    return [part for item in expression.items for part in _row(item)]


def _filled(shape: Expression, row: Iterator[Expression]) -> Expression:
    if isinstance(shape, And):
        return And(tuple(_filled(item, row) for item in shape.items))
    return next(row)


def _node(expression: Expression, event: Event, names: dict[int, str]) -> Node:
    name = names.get(id(expression))
    match expression:
        case Test():
            return _test(expression, event, name)
        case Not(item):
            part = _node(item, event, names)
            return Node("not", None if part.holds is None else not part.holds, name, (part,))
        case And(items) if len(items) == 1:
            return _node(items[0], event, names)
        case And(items):
            parts = tuple(_node(item, event, names) for item in items)
            return Node("all", _together(parts, False), name, parts)
        case Or(items):
            parts = tuple(_node(item, event, names) for item in items)
            return Node("any", _together(parts, True), name, parts)


def _together(parts: tuple[Node, ...], deciding: bool) -> bool | None:
    """Three-valued: the deciding answer wins, then an unknown one, then the other."""
    answers = {part.holds for part in parts}
    return deciding if deciding in answers else None if None in answers else not deciding


def _test(test: Test, event: Event, name: str | None) -> Node:
    try:
        held: bool | None = holds(test, event)
    except RegexTimeoutError:
        held = None
    values, more, other = _values(test, event, held)
    return Node("test", held, name, (), test.field, _asked(test), values, more, other)


def _asked(test: Test) -> str:
    """What a test asks, with each backslash as the rule has it."""
    text = str(test.predicate)
    return text.replace("\\\\", "\\") if isinstance(test.predicate, Text) else text


def _values(test: Test, event: Event, held: bool | None) -> tuple[tuple[str, ...], int, str | None]:
    """What the event has where a test looks: of a keyword only the values that it is found in."""
    if test.field is None:
        found = [v for v in event.every_value() if held and test.predicate.holds((v,), event)]
    else:
        found = list(event.values(test.field))
    texts = tuple(_short(as_text(value)) for value in found[:VALUES])
    other = None if found or test.field is None else _nearest_field(test.field, event)
    return texts, len(found) - len(texts), other


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _nearest_field(field: str, event: Event) -> str | None:
    """A field that the event does have, called nearly so."""
    folded = {name.lower(): name for name in event.fields if event.values(name)}
    if field.lower() in folded:
        return folded[field.lower()]
    tails = [name for low, name in folded.items() if low.endswith(f".{field.lower()}")]
    near = get_close_matches(field.lower(), list(folded), n=1, cutoff=0.85)
    return tails[0] if tails else folded[near[0]] if near else None


def tests(node: Node) -> Iterator[Node]:
    """Every test of a tree, left to right."""
    if node.kind == "test":
        yield node
    for part in node.parts:
        yield from tests(part)
