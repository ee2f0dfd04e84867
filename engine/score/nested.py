"""What models are told of events with objects in them, without normalising each.

What `observe.py` says of an event hangs on the names in its document, on the types of its values,
and on few of the values themselves: those that may come to be, under whatever name `normalise`
gives them, the host, the user, the address, the kind or the log source. For each shape of document
it is worked out which these are, and for each tuple of their values the answer is remembered that
the slow way gave for the first event that had them. Generous: a value counts where any ending of
its path is a name that matters. What is not so plain is left to the slow way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.ecs import ECS, MADE
from engine.entities import FIELDS
from engine.event import Event
from engine.kinds import KINDS, PRESENT, LogSource
from engine.normalise import ALIASES, WINLOGBEAT
from engine.score.memory import KINDS_KEPT, LONGEST, Kinds, Times
from engine.score.observe import ENTITY
from engine.score.shape import APART, CHOSEN, NOBODY, SHAPES_KEPT, WIDEST
from models.template.event import FALLBACKS, MESSAGES, event_key

_ONE = frozenset({str, int, bool, type(None)})
_PLAIN = _ONE | {float}
_TOLD = CHOSEN.union(*FALLBACKS)
_LABELS = {name for kind in KINDS for name, wanted in kind.shape.items() if wanted != PRESENT} | {
    "@stream", "_path", "event.dataset", "event.module", "event.category", "event.type",
    "observer.type",
}  # fmt: skip
"""Fields whose values, and not only that they are there, tell a log source."""


def _sources(names: frozenset[str]) -> frozenset[str]:
    """Names with all that `normalise` may make them of."""
    others = {one for name in names for table in (ALIASES, WINLOGBEAT, MADE)
              for one in table.get(name, ())}  # fmt: skip
    ecs = {one for one, made in ECS.items() if not names.isdisjoint(made)}
    return names | others | ecs


FIRST = _sources(frozenset(FIELDS["host.name"]) | _TOLD | _LABELS)
"""What tells the kind of an event, and its host."""
SECOND = _sources(frozenset(name for field in ENTITY[1:] for name in FIELDS[field])) - FIRST
"""What it is about where it names no host."""

Node = dict[str, Any]
Place = tuple[int, str]
"""Which of a document's objects, in their order, and a key of it."""


class Told(NamedTuple):
    """What an event says; `entity` is "" where it names nobody, None where `SECOND` tells it."""

    entity: str | None
    fields: Mapping[str, Any]
    kind: int


class Nested:
    """Remembers the shapes of documents, and what their values have said."""

    def __init__(self, kinds: Kinds, times: Times) -> None:
        self._kinds, self._times = kinds, times
        self._plans: dict[Hashable, _Plan | None] = {}
        self._inner: dict[tuple[str, ...], Sequence[Place]] = {}
        """Where the last document with these keys had objects."""
        self._said: dict[Hashable, Told | None] = {}

    def see(
        self, document: Mapping[str, Any], event: Callable[[], Event], tags: LogSource | None
    ) -> tuple[Told, float] | None:
        """What an event says, and its time; None where the slow way must tell."""
        if document.__class__ is not dict:
            return None
        nodes: list[Node] = []
        plan = self._guessed(document, nodes)
        if plan is None:
            plan = self._walked(document, nodes, event)
        if plan is None:
            return None
        at = (plan.number, tags, *[nodes[node][name] for node, name in plan.first])
        try:
            told = self._said[at]
        except (KeyError, TypeError):  # new, or a list is among them
            told = self._remembered(at, plan, event)
        if told is not None and told.entity is None:
            more = ("", *at, *[nodes[node][name] for node, name in plan.second])
            told = self._remembered(more, plan, event, whole=True)
        if told is None:
            return None
        for node, name in plan.times:
            if (time := self._times.of(nodes[node][name])) is not None:
                return told, time
        return None

    def _guessed(self, document: Node, nodes: list[Node]) -> _Plan | None:
        """The plan, by looking where documents with these keys had objects; None where not so.

        A plan is found by all that a walk would have written down, so no other one can be found.
        """
        nodes.append(document)
        keys = tuple(document)
        inner = self._inner.get(keys)
        if inner is None:
            return None
        shape: list[Any] = [keys, tuple(map(type, document.values()))]
        try:
            for at, name in inner:
                node = nodes[at][name]
                nodes.append(node)
                shape += (tuple(node), tuple(map(type, node.values())))
        except (KeyError, AttributeError, TypeError):
            return None  # none there, or no object
        plan = self._plans.get(tuple(shape))
        if plan is None:
            return None
        plain = (_ONE.issuperset(map(type, nodes[at][name])) for at, name in plan.lists)
        return plan if all(plain) else None

    def _walked(
        self, document: Node, nodes: list[Node], event: Callable[[], Event]
    ) -> _Plan | None:
        """The plan, by all that is in a document."""
        nodes.clear()
        shape: list[Any] = []
        if not _walk(document, shape, nodes):
            return None
        key = tuple(shape)
        try:
            plan = self._plans[key]
        except KeyError:
            plan = self._learn(key, nodes, event)
        if plan is not None:
            if len(self._inner) >= SHAPES_KEPT:
                self._inner.clear()
            self._inner[shape[0]] = plan.inner
        return plan

    def _learn(self, key: tuple[Any, ...], nodes: list[Node], event: Callable[[], Event]) -> Any:
        if sum(map(len, nodes)) > WIDEST:
            return None
        if len(self._plans) >= SHAPES_KEPT:
            self._plans.clear()
        plan = self._plans[key] = _Plan.of(nodes, event())
        return plan

    def _remembered(
        self, key: tuple[Any, ...], plan: _Plan, event: Callable[[], Event], *, whole: bool = False
    ) -> Told | None:
        try:
            return self._said[key]
        except KeyError:
            pass
        except TypeError:  # a list is among them
            types = [tuple(map(type, each)) for each in key if each.__class__ is list]
            key = (*(tuple(each) if each.__class__ is list else each for each in key), *types)
            if key in self._said:
                return self._said[key]
        told = self._said_by(plan, event(), whole=whole)
        if _length(key) <= LONGEST:
            if len(self._said) >= KINDS_KEPT:
                self._said.clear()
            self._said[key] = told
        return told

    def _said_by(self, plan: _Plan, event: Event, *, whole: bool) -> Told | None:
        fields = {name: event.fields[name] for name in event.fields if name in _TOLD}
        if plan.wordy and event_key(fields) is None:
            return None  # its message tells
        names = ENTITY if whole else ENTITY[:1]
        entity = "" if whole else None
        for name in names:
            found = _first(event, FIELDS[name])
            if found is None:
                return None
            if found not in NOBODY:
                entity = f"{name}={str(found).lower()}"
                break
        kind = self._kinds.number(tuple((name, _hashable(fields[name])) for name in sorted(fields)))
        return Told(entity, fields, kind)


def _first(event: Event, names: Sequence[str]) -> Any:
    """The first value, "" where there is none; None where an object stands in its place."""
    for name in names:
        if values := event.values(name):
            return values[0] if name in event.fields else None
    return ""


def _hashable(value: Any) -> Hashable:
    if isinstance(value, list):
        return tuple((each, type(each)) for each in value)
    return value, type(value)


def _length(values: Sequence[Any]) -> int:
    """Characters of texts, also in lists."""
    return sum(
        len(each) if each.__class__ is str else _length(each) if each.__class__ is tuple else 0
        for each in values
    )


def _walk(node: Node, shape: list[Any], nodes: list[Node]) -> bool:
    """Write down the keys of all objects and the types of their values; False where it is odd."""
    nodes.append(node)
    values = node.values()
    types = tuple(map(type, values))
    shape += (tuple(node), types)
    if dict in types:
        if len(nodes) > WIDEST:
            return False
        for value in values:
            if value.__class__ is dict and not _walk(value, shape, nodes):
                return False
    if list in types:
        for value in values:
            if value.__class__ is list and not _ONE.issuperset(map(type, value)):
                return False
    return True


class _Plan:
    """Where the values stand that matter, in documents of one shape."""

    _made = 0

    def __init__(
        self,
        leaves: Sequence[_Leaf],
        first: list[Place],
        second: list[Place],
        times: list[Place],
    ) -> None:
        _Plan._made += 1
        self.inner = [leaf.place for leaf in leaves if leaf.value.__class__ is dict]
        self.lists = [leaf.place for leaf in leaves if leaf.value.__class__ is list]
        self.number = _Plan._made
        self.first, self.second, self.times = first, second, times
        self.wordy = bool(_of(leaves, frozenset(MESSAGES)))
        """Whether it may have a message."""

    @classmethod
    def of(cls, nodes: list[Node], event: Event) -> _Plan | None:
        """The plan for documents with objects like these; None where there is none."""
        leaves = list(_leaves(nodes[0], iter(range(len(nodes)))))
        if "MapDescription" in nodes[0] or any(map(_odd, leaves)):
            return None
        first, second = (_of(leaves, names) for names in (FIRST, SECOND))
        if any(type(nodes[at][key]) is float for at, key in (*first, *second)):
            return None
        if all(name in event.fields for name in APART):
            return None
        times = []
        for name in event.time_fields:
            places = _of(leaves, frozenset({name}))
            value = event.fields.get(name)
            if value is None and name not in event.fields:
                continue
            if len(places) != 1 or type(value) is not str:
                return None
            node, key = places[0]
            if nodes[node][key] != value:
                return None
            times.append(places[0])
        return cls(leaves, first, second, times)


class _Leaf(NamedTuple):
    place: Place
    path: tuple[str, ...]
    value: Any
    names: frozenset[str]
    """What the value may come to be called."""


def _leaves(node: Node, numbers: Iterator[int], path: tuple[str, ...] = ()) -> Iterator[_Leaf]:
    """All values with their places, objects numbered as `_walk` does."""
    at = next(numbers)
    for key, value in node.items():
        here = (*path, key)
        yield _Leaf((at, key), here, value, names(here))
        if value.__class__ is dict:
            yield from _leaves(value, numbers, here)


def _odd(leaf: _Leaf) -> bool:
    """Whether what it is called hangs on values, or it is of no type that JSON has."""
    if leaf.path[-1] == "Data" and leaf.value.__class__ is dict:
        return True
    kind = type(leaf.value)
    return kind not in _PLAIN and kind is not dict and kind is not list


def _of(leaves: Sequence[_Leaf], wanted: frozenset[str]) -> list[Place]:
    return [
        leaf.place
        for leaf in leaves
        if leaf.value.__class__ is not dict and not wanted.isdisjoint(leaf.names)
    ]


def names(path: tuple[str, ...]) -> frozenset[str]:
    """All that a value at a path may be called: any ending of it, as EVTX spells it or plain."""
    plain = [part.removesuffix("_attributes").lstrip("@") for part in path if part[:1] != "#"]
    spelled = [".".join(path), ".".join(plain), "_".join(plain[-2:])]
    found = set(spelled)
    for text in spelled:
        found.update(text[at + 1 :] for at, char in enumerate(text) if char == ".")
    return frozenset(found | {name.replace(" ", "") for name in found})
