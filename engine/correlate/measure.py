"""What is measured in a window, kept up to date as matches come and go; every sum is exact."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

from engine.correlate.condition import START, Expression, Number, Occurrences, longest_chain
from engine.correlate.hit import Hit


class Measure(Protocol):
    """A window's measure."""

    def add(self, hit: Hit, /) -> None:
        """A match has come into the window."""
        ...

    def remove(self, hit: Hit, /) -> None:
        """A match has left the window."""
        ...

    def value(self) -> Number | None:
        """The number to compare; None when there is nothing to measure."""
        ...


class Count:
    """How many events."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, _hit: Hit, /) -> None:
        """One more."""
        self._count += 1

    def remove(self, _hit: Hit, /) -> None:
        """One less."""
        self._count -= 1

    def value(self) -> Number | None:
        """The number of events."""
        return self._count


class Distinct:
    """How many different values."""

    def __init__(self) -> None:
        self._seen: Counter[Any] = Counter()

    def add(self, hit: Hit) -> None:
        """Count its values."""
        self._seen.update(hit.values)

    def remove(self, hit: Hit) -> None:
        """Count its values off."""
        for value in hit.values:
            self._seen[value] -= 1
            if not self._seen[value]:
                del self._seen[value]

    def value(self) -> Number | None:
        """The number of different values."""
        return len(self._seen)


class Sum:
    """The sum of the values, in exact arithmetic: the order of events does not show in it."""

    def __init__(self) -> None:
        self._sum: int | Fraction = 0
        self._count = 0

    def add(self, hit: Hit) -> None:
        """Add its numbers."""
        self._sum += sum(map(_exact, hit.values))
        self._count += len(hit.values)

    def remove(self, hit: Hit) -> None:
        """Take its numbers off."""
        self._sum -= sum(map(_exact, hit.values))
        self._count -= len(hit.values)

    def value(self) -> Number | None:
        """The sum."""
        return self._sum if self._count else None


class Average(Sum):
    """The mean of the values."""

    def value(self) -> Number | None:
        """The mean."""
        return Fraction(self._sum) / self._count if self._count else None


class Percentile:
    """A percentile of the values, between two of them by their distance (as NumPy does it)."""

    def __init__(self, percent: int | float) -> None:
        self._share = Fraction(percent) / 100
        self._sorted: list[int | float] = []

    def add(self, hit: Hit) -> None:
        """Put its numbers in."""
        for value in hit.values:
            insort(self._sorted, value)

    def remove(self, hit: Hit) -> None:
        """Take its numbers out."""
        for value in hit.values:
            del self._sorted[bisect_left(self._sorted, value)]

    def value(self) -> Number | None:
        """The percentile."""
        if not self._sorted:
            return None
        place = self._share * (len(self._sorted) - 1)
        below = int(place)
        low = _exact(self._sorted[below])
        if place == below:
            return low
        return low + (_exact(self._sorted[below + 1]) - low) * (place - below)


class Rules:
    """Which of the rules matched in the window, in any order: how many, or an expression."""

    def __init__(self, expression: Expression | None = None) -> None:
        self._expression = expression
        self._seen: Counter[int] = Counter()

    def add(self, hit: Hit) -> None:
        """Count its rules."""
        self._seen.update(hit.places)

    def remove(self, hit: Hit) -> None:
        """Count its rules off."""
        for place in hit.places:
            self._seen[place] -= 1
            if not self._seen[place]:
                del self._seen[place]

    def value(self) -> Number | None:
        """The number of different rules, or 1 where the expression holds and 0 where not."""
        if self._expression is not None:
            return int(self._expression.holds(self._seen))
        return len(self._seen)


class RulesInOrder:
    """Which of the rules matched one after the other: how many, or an expression."""

    def __init__(self, length: int, expression: Expression | None = None) -> None:
        self._length, self._expression = length, expression
        self._window = Occurrences()

    def add(self, hit: Hit) -> None:
        """Note when its rules matched."""
        self._window.add(hit)

    def remove(self, hit: Hit) -> None:
        """Forget it."""
        self._window.remove(hit)

    def value(self) -> Number | None:
        """The most rules that follow each other as listed, or 1 where the expression holds."""
        if self._expression is not None:
            return int(bool(self._expression.after(START, self._window)))
        return longest_chain(self._length, self._window)


def _exact(value: int | float) -> int | Fraction:
    return value if isinstance(value, int) else Fraction(value)


MakeMeasure = Callable[[], Measure]
