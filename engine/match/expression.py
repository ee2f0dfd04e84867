"""A rule's condition as a small tree, after pySigma has parsed and the pipelines have shaped it.

Expression = And | Or | Not | Test
Test       = one predicate on one field, or on every value when the field is None (keyword)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from engine.match.predicates import Predicate, Text


@dataclass(frozen=True, slots=True)
class Test:
    """A predicate on a field's values; `field=None` is a Sigma keyword, searched in every value."""

    field: str | None
    predicate: Predicate
    _hash: int | None = dataclass_field(default=None, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        # asked for again and again, or never; slow to make out of all that a predicate is
        if (known := self._hash) is None:
            known = hash((self.field, self.predicate))
            object.__setattr__(self, "_hash", known)
        return known

    def __str__(self) -> str:
        return f"{self.field or 'any value'} {self.predicate}"


@dataclass(frozen=True, slots=True)
class And:
    """Holds when all of its items hold."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Holds when any of its items holds."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when its item does not."""

    item: Expression


Expression = And | Or | Not | Test

ALWAYS = And(())
"""The empty conjunction: always true."""

NEVER = Or(())
"""The empty disjunction: never true."""


def tests(expression: Expression) -> Iterator[Test]:
    """Every test in the tree, left to right."""
    match expression:
        case Test():
            yield expression
        case Not(item):
            yield from tests(item)
        case And(items) | Or(items):
            for item in items:
                yield from tests(item)


def fields(expression: Expression) -> frozenset[str]:
    """The names of all fields the expression reads, field references included."""
    named: set[str | None] = set()
    left = [expression]
    for part in left:  # which grows meanwhile
        kind = type(part)  # quicker than to match it, and there are very many
        if kind is Test:
            named.add(part.field)  # type: ignore[union-attr]
            predicate = part.predicate  # type: ignore[union-attr]
            if type(predicate) is not Text:
                named.update(predicate.other_fields())
        elif kind is Not:
            left.append(part.item)  # type: ignore[union-attr]
        else:
            left.extend(part.items)  # type: ignore[union-attr]
    named.discard(None)
    return frozenset(named)  # type: ignore[arg-type]
