"""What can be said of a condition without any event: whether it can hold at all.

Sound, not complete: `impossible` says True only when no event can make the expression true.
A search through the expression's cases ends at the first that is not contradictory, so that the
usual rule costs one step a test; `STEPS` bounds the rest, and then the answer is False.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.pattern import Pattern
from engine.match.predicates import Boolean, Compare, Exists, InNetwork, Number, OneField, Text

STEPS = 3_000
"""Tests looked at before giving up."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A test that must hold, or must not."""

    test: Test
    wanted: bool


Held = dict[tuple[str | None, bool], list[Literal]]
"""Literals by the field that they ask, and whether they must hold."""


def impossible(expression: Expression, single: Iterable[str] = ()) -> bool:
    """Whether no event can make it true; fields in `single` have at most one value."""
    return _contradictory(expression, True, single)


def inevitable(expression: Expression, single: Iterable[str] = ()) -> bool:
    """Whether every event makes it true."""
    return _contradictory(expression, False, single)


def _contradictory(expression: Expression, wanted: bool, single: Iterable[str]) -> bool:
    try:
        return not _Search(frozenset(single)).possible([(expression, wanted)], {})
    except RecursionError:  # hundreds of alternatives that must all hold
        return False


class _Search:
    """A depth-first search for one set of literals that do not contradict each other."""

    def __init__(self, single: frozenset[str]) -> None:
        self.single = single
        self.left = STEPS

    def possible(self, todo: list[tuple[Expression, bool]], held: Held) -> bool:
        """Whether what is still to do can hold together with the literals held."""
        while todo:
            expression, wanted = todo.pop()
            match expression:
                case Not(item):
                    todo.append((item, not wanted))
                case Test():
                    self.left -= 1
                    if self.left < 0:
                        return True
                    literal = Literal(expression, wanted)
                    if any(self._clash(literal, other) for other in _against(literal, held)):
                        return False
                    held.setdefault((expression.field, wanted), []).append(literal)
                case And(items) | Or(items) if isinstance(expression, And) is wanted:
                    todo.extend((item, wanted) for item in reversed(items))
                case And(items) | Or(items):
                    return any(
                        self.possible([*todo, (item, wanted)], {f: [*h] for f, h in held.items()})
                        for item in items
                    )
        return True

    def _clash(self, one: Literal, other: Literal) -> bool:
        if one.wanted != other.wanted:
            yes, no = (one, other) if one.wanted else (other, one)
            return implies(yes.test, no.test)
        mine, its = one.test, other.test
        if not one.wanted:
            # `has a value` and `has none` cannot both be false
            both = isinstance(mine.predicate, Exists) and isinstance(its.predicate, Exists)
            return both and mine != its
        if _is_missing(mine) or _is_missing(its):
            return excludes_missing(mine) or excludes_missing(its)
        return mine.field in self.single and apart(mine, its)


def _against(literal: Literal, held: Held) -> list[Literal]:
    """The literals that may contradict one: of two that must not hold only those of `exists` do."""
    field, predicate = literal.test.field, literal.test.predicate
    found = held.get((field, True), [])
    if literal.wanted or isinstance(predicate, Exists):
        found = found + held.get((field, False), [])
    return found


def _is_missing(test: Test) -> bool:
    return isinstance(test.predicate, Exists) and not test.predicate.wanted


def excludes_missing(test: Test) -> bool:
    """Whether the test can hold only of a field that has a value."""
    if test.field is None:
        return False
    return isinstance(test.predicate, OneField) or (
        isinstance(test.predicate, Exists) and test.predicate.wanted
    )


def implies(one: Test, other: Test) -> bool:
    """Whether `other` surely holds wherever `one` does (both of the same field)."""
    if one == other:
        return True
    mine, its = one.predicate, other.predicate
    if isinstance(its, Exists):
        return its.wanted and excludes_missing(one)
    if isinstance(mine, Text) and isinstance(its, Text):
        return covers(its.pattern, mine.pattern)
    if isinstance(mine, Number | Boolean) and isinstance(its, Text):
        return _is_anything(its.pattern)
    if isinstance(mine, Number) and isinstance(its, Compare):
        return bool(its.operate(mine.number, its.number))
    if isinstance(mine, Compare) and isinstance(its, Compare):
        return _narrower(mine, its)
    if isinstance(mine, InNetwork) and isinstance(its, InNetwork):
        return (
            mine.network.version == its.network.version
            and int(its.network.network_address) <= int(mine.network.network_address)
            and int(mine.network.broadcast_address) <= int(its.network.broadcast_address)
        )
    return False


def _is_anything(pattern: Pattern) -> bool:
    return len(pattern.segments) > 1 and not any(pattern.segments)


def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Whether every text that fits `narrow` surely fits `wide`.

    The narrow pattern, its wildcards written as a character that stands for any text, must
    itself fit the wide one.
    """
    if _is_anything(wide):
        return True
    if wide.cased and not narrow.cased:
        return False
    if any(Pattern.ANY_CHAR in segment for segment in (*wide.segments, *narrow.segments)):
        return False
    if len(wide.segments) == 1 and len(narrow.segments) > 1:
        return False
    # U+E001 stands in no pattern's text that matters: a literal with it only makes us say no
    return wide.matches("\ue001".join(narrow.segments))


def _narrower(mine: Compare, its: Compare) -> bool:
    """Whether every number that `mine` takes, `its` takes too."""
    if "!=" in (mine.symbol, its.symbol) or mine.symbol[0] != its.symbol[0]:
        return False
    if mine.number == its.number:
        return mine.symbol == its.symbol or its.symbol.endswith("=")
    upper = mine.symbol[0] == "<"
    return mine.number < its.number if upper else mine.number > its.number


def apart(one: Test, other: Test) -> bool:
    """Whether no single value satisfies both."""
    return any(
        decide(a.predicate, b.predicate)
        for a, b in ((one, other), (other, one))
        for decide in _APART
    )


def _texts_apart(one: object, other: object) -> bool:
    if not (isinstance(one, Text) and isinstance(other, Text)):
        return False
    a, b = one.pattern, other.pattern
    if any(Pattern.ANY_CHAR in segment for segment in (*a.segments, *b.segments)):
        return False
    a, b = (Pattern(p.segments) for p in (a, b))  # without case: fewer are apart, so it is safe
    if len(a.segments) == 1:
        return not b.matches(a.segments[0])
    if len(b.segments) == 1:
        return False  # asked the other way round
    first, last = (a.segments[0], b.segments[0]), (a.segments[-1], b.segments[-1])
    return not (
        (first[0].startswith(first[1]) or first[1].startswith(first[0]))
        and (last[0].endswith(last[1]) or last[1].endswith(last[0]))
    )


def _numbers_apart(one: object, other: object) -> bool:
    if not isinstance(one, Number):
        return False
    if isinstance(other, Number):
        return one.number != other.number
    return isinstance(other, Compare) and not other.operate(one.number, other.number)


def _ranges_apart(one: object, other: object) -> bool:
    if not (isinstance(one, Compare) and isinstance(other, Compare)):
        return False
    if not (one.symbol.startswith("<") and other.symbol.startswith(">")):
        return False
    if one.number == other.number:
        return not (one.symbol == "<=" and other.symbol == ">=")
    return one.number < other.number


def _networks_apart(one: object, other: object) -> bool:
    if not (isinstance(one, InNetwork) and isinstance(other, InNetwork)):
        return False
    # an IPv4 address written as IPv6 may be in networks of both kinds
    same = one.network.version == other.network.version
    return same and not one.network.overlaps(other.network)


_APART: tuple[Callable[[object, object], bool], ...] = (
    _texts_apart,
    _numbers_apart,
    _ranges_apart,
    _networks_apart,
)
