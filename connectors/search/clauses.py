"""Conditions of documents as an index can look them up, with about how many documents meet them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.search.values import Value

FEW = 200
"""One of so many documents is few: a condition that so few meet needs no second beside it."""
BESIDE = 2
"""Conditions of one rule that are asked together."""
EXPRESSION = 900
"""Characters of an expression: servers take a thousand (`index.max_regex_length`)."""
HEAVY = 100
"""Characters of values in a query that cost about as much as to read one more document."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A field has one of some values."""

    name: str
    values: frozenset[Value]
    documents: int


@dataclass(frozen=True, slots=True)
class Like:
    """A field has a value with one of some texts in it, which are expressions."""

    name: str
    texts: frozenset[str]
    documents: int


@dataclass(frozen=True, slots=True)
class There:
    """A field has a value."""

    name: str
    documents: int


@dataclass(frozen=True, slots=True)
class All:
    """All of some conditions."""

    parts: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of some conditions; without any, none is met."""

    parts: tuple[Terms | Like | There | All, ...]


Clause = Terms | Like | There | All | Some
NEVER = Some(())


def query(clause: Clause) -> dict[str, Any]:
    """A condition as a server takes it."""
    match clause:
        case Terms(name, values):
            return {"terms": {name: sorted(values)}}
        case Like(name, texts):
            return any_of({"regexp": {name: {"value": each}}} for each in expressions(texts))
        case There(name):
            return {"exists": {"field": name}}
        case All(parts):
            return {"bool": {"filter": list(map(query, parts))}}
        case Some(parts):
            return any_of(map(query, parts))


def expressions(texts: Iterable[str]) -> Iterator[str]:
    """Expressions for values with one of some texts in them, each short enough for a server."""
    some: list[str] = []
    for text in sorted(texts):
        if some and len("|".join((*some, text))) > EXPRESSION:
            yield f".*({'|'.join(some)}).*"
            some = []
        some.append(text)
    if some:
        yield f".*({'|'.join(some)}).*"


def any_of(queries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The documents that any of some queries finds."""
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def documents(clause: Clause) -> int:
    """How many documents meet a condition, at most."""
    if isinstance(clause, All):
        return min(map(documents, clause.parts))
    return sum(map(documents, clause.parts)) if isinstance(clause, Some) else clause.documents


def weight(clause: Clause) -> int:
    """What it costs to look for a condition, in characters of values."""
    match clause:
        case Terms(_, values):
            return sum(len(str(value)) for value in values)
        case Like():
            return HEAVY * clause.documents  # all values of the field are gone through
        case There():
            return 0
    return sum(map(weight, clause.parts))


def all_of(parts: Iterable[Clause], total: int) -> Clause:
    """The few of some conditions, of which there is at least one, that cost least to look for."""
    found = sorted(dict.fromkeys(parts), key=lambda part: documents(part) + weight(part) // HEAVY)
    best = found[0]
    if len(found) == 1 or documents(best) * FEW <= total:
        return best
    beside = [each for each in found[1:BESIDE] if weight(each) < documents(best) * HEAVY]
    return All((best, *beside)) if beside else best


def some_of(parts: Iterable[Clause]) -> Clause:
    """Any of some conditions, those on values of one field as one."""
    found = tuple(dict.fromkeys(_flat(parts)))
    if len(found) > 1:
        found = tuple(_united(found))
    return found[0] if len(found) == 1 else Some(found)


def _flat(parts: Iterable[Clause]) -> Iterator[Terms | Like | There | All]:
    for part in parts:
        if isinstance(part, Some):
            yield from part.parts
        else:
            yield part


def _united(
    parts: Iterable[Terms | Like | There | All],
) -> Iterator[Terms | Like | There | All]:
    terms: dict[str, list[Terms]] = {}
    likes: dict[str, list[Like]] = {}
    others: list[There | All] = []
    for part in parts:
        if isinstance(part, Terms):
            terms.setdefault(part.name, []).append(part)
        elif isinstance(part, Like):
            likes.setdefault(part.name, []).append(part)
        else:
            others.append(part)
    whole: dict[str, frozenset[Value]] = {}
    for name, some in terms.items():
        whole[name] = frozenset().union(*(each.values for each in some))
        yield Terms(name, whole[name], sum(each.documents for each in some))
    for name, alike in likes.items():
        texts = frozenset[str]().union(*(each.texts for each in alike))
        yield Like(name, texts, sum(each.documents for each in alike))
    for part in others:
        if not (isinstance(part, All) and any(_within(each, whole) for each in part.parts)):
            yield part


def _within(part: Clause, whole: dict[str, frozenset[Value]]) -> bool:
    """Whether whatever meets a condition has one of some values as well."""
    return isinstance(part, Terms) and part.values <= whole.get(part.name, frozenset())


def size(clause: Clause) -> int:
    """How many conditions a query of it has."""
    if isinstance(clause, All | Some):
        return 1 + sum(map(size, clause.parts))
    return len(list(expressions(clause.texts))) if isinstance(clause, Like) else 1
