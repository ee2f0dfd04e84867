"""The tests that a group of rules asks of one field, run together and once for each value."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING

import orjson

from engine.lazy import lazy
from engine.match.body import Held
from engine.match.expression import Test
from engine.match.literal import required_literal
from engine.match.memory import Budget, Memory
from engine.match.networks import Networks
from engine.match.numbers import Numbers
from engine.match.predicates import (
    Exists,
    InNetwork,
    Matches,
    Number,
    Scalar,
    Text,
    as_address,
    as_number,
    as_text,
)
from engine.match.rowtexts import RowTexts
from engine.match.texttests import TextTests, pieces

if TYPE_CHECKING:
    from engine.match.finder import Finder

LONGEST_KEPT = 4096
"""Values longer than this (characters) are looked at anew each time."""

NOTHING: Held = frozenset()


class _NoEvent:
    """Stands where a predicate might look for other fields; those asked here do not."""

    def values(self, _field: str, /) -> tuple[Scalar, ...]:
        return ()


NO_EVENT = _NoEvent()


class FieldTests:
    """All tests on one field, and what they said of the values seen.

    They are made ready when the first value comes: of many log sources, few are ever met.
    """

    def __init__(
        self, field: str, tests: dict[int, Test], numbers: Numbers, budget: Budget
    ) -> None:
        self.field = field
        self._tests = tests
        self._numbers = numbers
        self._known = Memory[Held](budget)

    @lazy
    def _ready(self) -> Ready:
        numbers = frozenset(self._tests)
        ready: Ready | None = self._numbers.ready.get(numbers)
        if ready is None:
            ready = self._numbers.ready[numbers] = Ready(self._tests, self._numbers)
        return ready

    def raw(self, raw: bytes) -> Held | None:
        """What holds of a value as it stands in JSON; None where it must be read to be told."""
        return self._ready.raw(raw)

    def by_finder(self) -> tuple[Finder, dict[float, tuple[int, ...]]] | None:
        """What tells all of a plain text, with `more`: the finder, and what holds by numbers."""
        return self._ready.by_finder()

    def more(self, raw: bytes, found: Held, suspects: list[int]) -> Held:
        """What holds of one text as it stands in JSON, for what the finder told of it."""
        return self._ready.more(raw, found, suspects)

    def fresh(self, values: tuple[Scalar, ...]) -> Held:
        """As `held`, without remembering."""
        return self._ready.held(values)

    def held(self, values: tuple[Scalar, ...]) -> Held:
        """The numbers of the tests that hold on a field's values."""
        key = lasting(values)
        if key is None:
            return self._ready.held(values)
        known = self._known.answers.get(key)
        if known is not None:
            return known
        return self._known.keep(key, self._ready.held(values), characters(values))


class Ready:
    """Tests sorted by how they are best asked."""

    def __init__(self, tests: dict[int, Test], numbers: Numbers) -> None:
        found = RowTexts.of(tests, numbers)
        self._texts: RowTexts | TextTests = found[0] if found else TextTests(*pieces(tests))
        self._numbers: dict[float, list[int]] = {}
        networks: list[tuple[int, InNetwork]] = []
        self._absent: list[int] = []
        self._beyond_ascii: list[tuple[int, Matches]] = []
        self._others: list[tuple[int, Test]] = []
        for number, test in found[1] if found else tests.items():
            match predicate := test.predicate:
                case Text(pattern) if not pattern.cased:
                    pass  # nearly all are
                case Matches(regex):
                    if required_literal(regex.source):
                        self._beyond_ascii.append((number, predicate))
                case Number(wanted):
                    self._numbers.setdefault(wanted, []).append(number)
                case InNetwork():
                    networks.append((number, predicate))
                case Exists(wanted):
                    if not wanted:  # else it holds of all texts
                        self._absent.append(number)
                case _:
                    self._others.append((number, test))
        self._networks = Networks(networks)
        self._quick = self._texts.quick and not (networks or self._numbers or self._others)

    def raw(self, raw: bytes) -> Held | None:
        """What holds of one text as it stands in JSON; None where it must be read to be told."""
        told = self._texts.raw(raw)
        if isinstance(told, tuple):
            return self.more(raw, *told)
        return told if told is None or self._quick else self.more(raw, told, [])

    def by_finder(self) -> tuple[Finder, dict[float, tuple[int, ...]]] | None:
        """The finder, and what holds by numbers, where they and `more` tell all of a text."""
        finder = self._texts.finder
        if finder is None or not self._texts.quick or self._networks or self._others:
            return None
        return finder, {number: tuple(found) for number, found in self._numbers.items()}

    def more(self, raw: bytes, found: Held, suspects: list[int]) -> Held:
        """What holds of one text as it stands in JSON, for what the finder told of it."""
        text: str = orjson.loads(raw)
        return frozenset([*found, *self._texts.more(suspects, text), *self._besides((text,))])

    def held(self, values: tuple[Scalar, ...]) -> Held:
        """The numbers of the tests that hold."""
        found: list[int] = []
        for value in values:
            text = value if type(value) is str else as_text(value)
            found += self._texts.held(text)
            if self._beyond_ascii and not text.isascii():
                # beyond ASCII, what a regular expression takes for the same letter is not what
                # lower case makes of it, and the literal it needs may not be seen
                found += [n for n, predicate in self._beyond_ascii if predicate.accepts(value)]
        return frozenset(found + self._besides(values)) or NOTHING

    def _besides(self, values: tuple[Scalar, ...]) -> list[int]:
        """Those that do not look for pieces of text."""
        found = [n for n, test in self._others if test.predicate.holds(values, NO_EVENT)]
        if not values:
            found += self._absent
        for value in values:
            if self._numbers and (number := as_number(value)) is not None:
                found += self._numbers.get(number, ())
            if self._networks and (address := as_address(value)) is not None:
                found += self._networks.having(address)
        return found


def lasting(values: tuple[Scalar, ...]) -> Hashable:
    """What a value is remembered by; None when it is too long to be.

    In Python 1, 1.0 and True are equal, but their texts are not.
    """
    if len(values) == 1 and type(values[0]) is str:
        return values[0] if len(values[0]) <= LONGEST_KEPT else None
    if characters(values) > LONGEST_KEPT:
        return None
    return tuple((type(value), value) for value in values)


def characters(values: Iterable[object]) -> int:
    """How long the texts among some values are, together."""
    return sum(len(value) for value in values if isinstance(value, str))
