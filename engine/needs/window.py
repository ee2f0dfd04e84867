"""The distinct values of a window of an index, asked all tests of what rules need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.lazy import lazy
from engine.match import expression
from engine.match.fieldtests import LONGEST_KEPT, Ready
from engine.match.memory import Budget, Memory
from engine.match.numbers import Numbers
from engine.needs.need import Either, Every, Lacks, Need, One, Word
from engine.needs.test import UNKNOWN, Test, spellings

CHARACTERS_KEPT = 16_000_000
"""Characters of values whose answers are remembered, and some for each, in one window."""

Held = dict[Test, list[int]]
"""The places, among some values, of those that pass each test; tests that none passes are not in.
"""


class Window:
    """All tests of some needs, ready to be asked of values; `held` says which pass.

    One may be kept for many windows of the same rules: answers are remembered.
    """

    def __init__(self, needs: Iterable[Need]) -> None:
        fields: dict[str, dict[Test, None]] = {}
        words: dict[Test, None] = {}
        left = list(needs)
        known = set[int]()
        for need in left:  # which grows meanwhile
            if id(need) in known:  # to compare them takes long
                continue
            known.add(id(need))
            if isinstance(need, One | Lacks):
                fields.setdefault(need.field, {})[need.test] = None
                if isinstance(need, One):
                    left.append(need.within)
            elif isinstance(need, Word):
                words[need.test] = None
            elif isinstance(need, Every | Either):
                left.extend(need.parts)
        numbers, budget = Numbers(), Budget(CHARACTERS_KEPT)
        self._fields = {name: _Tests(tests, numbers, budget) for name, tests in fields.items()}
        self._words = _Tests(words, numbers, budget)

    def fields(self) -> tuple[str, ...]:
        """The Sigma fields that are asked for."""
        return tuple(self._fields)

    def tests(self, field: str) -> tuple[Test, ...]:
        """The tests of a field."""
        return self._fields[field].tests

    def words(self) -> tuple[Test, ...]:
        """The tests of all values."""
        return self._words.tests

    def held(self, field: str, values: Sequence[str | int | bool]) -> Held:
        """Which of a field's values pass its tests, as `Test.holds` says."""
        return self._fields[field].held(values)

    def held_words(self, values: Sequence[str | int | bool]) -> Held:
        """Which of some values pass the tests of all values."""
        return self._words.held(values)


class _Tests:
    """Some tests that are asked together."""

    def __init__(self, tests: Mapping[Test, None], numbers: Numbers, budget: Budget) -> None:
        self.tests = tuple(tests)
        self._numbers = numbers
        self._memory = Memory[tuple[int, ...]](budget)

    @lazy
    def _ready(self) -> tuple[Ready, dict[int, list[int]], tuple[int, ...], tuple[int, ...]]:
        """What asks them; their places by its numbers, those of any value, and beyond ASCII."""
        places: dict[int, list[int]] = {}
        asked: dict[int, expression.Test] = {}
        anything: list[int] = []
        beyond: list[int] = []
        for place, test in enumerate(self.tests):
            if test.anything:
                anything.append(place)
                continue
            if test.beyond:
                beyond.append(place)
            each = expression.Test("", test.predicate)
            number = self._numbers.of(each)
            asked[number] = each
            places.setdefault(number, []).append(place)
        return Ready(asked, self._numbers), places, tuple(anything), tuple(beyond)

    def held(self, values: Sequence[str | int | bool]) -> Held:
        found: dict[int, list[int]] = {}
        answers = self._memory.answers
        for at, value in enumerate(values):
            key = value if type(value) is str else (type(value), value)
            passed = answers.get(key)
            if passed is None:
                passed = self._ask(value)
                size = len(value) if isinstance(value, str) else 0
                if size <= LONGEST_KEPT:
                    self._memory.keep(key, passed, size)
            for place in passed:
                found.setdefault(place, []).append(at)
        return {self.tests[place]: places for place, places in found.items()}

    def _ask(self, value: str | int | bool) -> tuple[int, ...]:
        """Places of the tests that a value passes."""
        if isinstance(value, str) and UNKNOWN in value:
            return tuple(range(len(self.tests)))
        ready, places, anything, beyond = self._ready
        found = set(anything)
        for spelled in spellings(value):
            for number in ready.held((spelled,)):
                found.update(places[number])
        if beyond and isinstance(value, str) and not value.isascii():
            found.update(beyond)
        return tuple(sorted(found))
