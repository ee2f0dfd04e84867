"""Conditions as flat tables: predicates, tests of fields by them, and trees over tests.

    texts   [stretch of text between wildcards, …]: what nearly all predicates are
    others  [kind, value, …]
    fields  name or null of each test
    asked   place of each test's predicate
    trees   ["and" | "or" | "not", place of each part]

The places of texts count up from 0 and those of others down from -1; so do the places of tests
and those of trees. A tree may only name what came before it, so that no table makes a ring; what
is named twice in a file is made once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from ipaddress import ip_network
from itertools import chain
from types import NoneType
from typing import Any

from engine.codec.errors import DecodeError, EncodeError
from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.pattern import Pattern, PatternError, Regex
from engine.match.predicates import (
    Boolean,
    Compare,
    Exists,
    InNetwork,
    Matches,
    Number,
    Predicate,
    SameAs,
    Text,
    TimePart,
)

MAX_LEVELS = 192
"""Levels of a tree that is believed: more than translation makes of the deepest condition."""


class Writer:
    """Gathers the tables; `place` gives each expression its place in them."""

    def __init__(self) -> None:
        self._texts, self._others, self._tests, self._trees = (_Table() for _ in range(4))
        self._places: dict[int, int] = {}
        self._kept: list[Expression] = []

    def place(self, expression: Expression) -> int:
        """Where an expression will stand. Raises `EncodeError`."""
        known = self._places.get(id(expression))
        if known is not None:
            return known
        match expression:
            case Test(field, predicate):
                place = self._tests.put([field, self._predicate(predicate)])
            case Not(item):
                place = -1 - self._trees.put(["not", self.place(item)])
            case And(items):
                place = -1 - self._trees.put(["and", *map(self.place, items)])
            case Or(items):
                place = -1 - self._trees.put(["or", *map(self.place, items)])
        self._places[id(expression)] = place
        self._kept.append(expression)  # or another could take its id
        return place

    def _predicate(self, predicate: Predicate) -> int:
        match predicate:
            case Text(Pattern(segments=segments, cased=False)):
                return self._texts.put(list(segments))
            case _:
                return -1 - self._others.put(_row(predicate))

    def tables(self) -> list[list[Any]]:
        """The tables, in the order in which `Reader` takes them."""
        tests = self._tests.rows
        fields, asked = [row[0] for row in tests], [row[1] for row in tests]
        return [self._texts.rows, self._others.rows, fields, asked, self._trees.rows]


class _Table:
    """Rows, each once."""

    def __init__(self) -> None:
        self.rows: list[list[Any]] = []
        self._known: dict[str, int] = {}

    def put(self, row: list[Any]) -> int:
        """The number of a row that is this one."""
        text = repr(row)  # 1 and 1.0 are equal, and not the same
        if text not in self._known:
            self._known[text] = len(self.rows)
            self.rows.append(row)
        return self._known[text]


Shared = dict[tuple[str, ...], Text]
"""Texts that were read before: half of those in a rule set stand in another file too."""


class Reader:
    """The expressions in the tables. Raises `DecodeError` and `FAULTS` when these are none.

    What is checked is checked a table at a time: a rule set has some hundred thousand rows.
    """

    def __init__(self, tables: Any, shared: Shared) -> None:
        texts, others, fields, asked, trees = tables
        if not set(map(type, texts)) <= {list} or not all(texts):
            raise DecodeError("a pattern is no list of texts")
        if not set(map(type, chain.from_iterable(texts))) <= {str}:
            raise DecodeError("a pattern is no text")
        if not set(map(type, fields)) <= {str, NoneType} or len(fields) != len(asked):
            raise DecodeError("a test is of no field")
        predicates: list[Predicate] = []
        for segments in map(tuple, texts):
            known = shared.get(segments)
            if known is None:
                known = shared[segments] = Text(Pattern(segments))
            predicates.append(known)
        predicates += reversed([_other(row) for row in others])
        self._tests = list(map(Test, fields, map(predicates.__getitem__, asked)))
        self._trees: list[Expression] = []
        for operator, *parts in trees:
            self._trees.append(_tree(operator, tuple([self.at(place) for place in parts])))
        if len(trees) > MAX_LEVELS:
            _measure(trees)

    def at(self, place: int) -> Expression:
        """The expression at a place."""
        return self._tests[place] if place >= 0 else self._trees[-1 - place]


def _measure(trees: Any) -> None:
    """Refuse what is nested so deeply that to evaluate it would exhaust the stack."""
    levels: list[int] = []
    for _, *parts in trees:
        level = 1 + max((levels[-1 - place] for place in parts if place < 0), default=0)
        if level > MAX_LEVELS:
            raise DecodeError("a condition is nested too deeply")
        levels.append(level)


def _tree(operator: str, parts: tuple[Expression, ...]) -> Expression:
    if operator == "and":
        return And(parts)
    if operator == "or":
        return Or(parts)
    if operator == "not" and len(parts) == 1:
        return Not(parts[0])
    raise DecodeError(f"no operator {operator!r}")


def _row(predicate: Predicate) -> list[Any]:
    match predicate:
        case Text(Pattern(segments=segments)):
            return ["cased", *segments]
        case Matches(Regex(source=source, flags=flags)):
            return ["regex", source, flags]
        case Number(number):
            return ["number", _finite(number)]
        case Boolean(boolean):
            return ["boolean", boolean]
        case Exists(wanted):
            return ["exists", wanted]
        case InNetwork(network):
            return ["network", str(network)]
        case Compare(symbol, number):
            return ["compare", symbol, _finite(number)]
        case SameAs(other, starts, ends):
            return ["same", other, starts, ends]
        case TimePart(part, number):
            return ["time", part, number]
    raise EncodeError(f"a {type(predicate).__name__} in a condition")


def _finite(number: int | float) -> int | float:
    if not math.isfinite(number):
        raise EncodeError("a number that JSON cannot tell")
    return number


def _other(row: Any) -> Predicate:
    kind, *content = row
    types = tuple(map(type, content))
    if kind == "cased" and set(types) == {str}:
        return Text(Pattern(tuple(content), cased=True))
    for wanted, make in _MAKERS.get(kind, ()):
        if types == wanted:
            return make(*content)
    raise DecodeError(f"no predicate {kind!r} of such values")


def _regex(source: str, flags: str) -> Matches:
    if set(flags) - set("ims"):
        raise DecodeError("no flags of a regular expression")
    try:
        return Matches(Regex(source, flags))
    except PatternError as error:
        raise DecodeError(str(error)) from error


def _compare(symbol: str, number: int | float) -> Compare:
    try:
        return Compare.of(symbol, number)
    except KeyError as error:
        raise DecodeError(f"no comparison {symbol!r}") from error


def _part(part: str, number: int) -> TimePart:
    if part not in ("minute", "hour", "day", "week", "month", "year"):
        raise DecodeError(f"no part of a time {part!r}")
    return TimePart(part, number)


_MAKERS: dict[str, tuple[tuple[tuple[type, ...], Callable[..., Predicate]], ...]] = {
    "regex": (((str, str), _regex),),
    "number": (((int,), Number), ((float,), Number)),
    "boolean": (((bool,), Boolean),),
    "exists": (((bool,), Exists),),
    "network": (((str,), lambda text: InNetwork(ip_network(text))),),
    "compare": (((str, int), _compare), ((str, float), _compare)),
    "same": (((str, bool, bool), SameAs),),
    "time": (((str, int), _part),),
}
"""Each kind of predicate: the types of its values, and what makes it."""
