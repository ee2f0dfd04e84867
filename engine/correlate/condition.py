"""What must be true of a window: numbers to compare with, or which rules occur in it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne

from engine.correlate.hit import Hit

OPERATORS = {"gt": gt, "gte": ge, "lt": lt, "lte": le, "eq": eq, "neq": ne}
WORDS = {
    "gt": "more than", "gte": "at least", "lt": "less than", "lte": "at most",
    "eq": "exactly", "neq": "other than",
}  # fmt: skip
RISING = frozenset({"gt", "gte"})
"""Operators that further events of a window cannot make false again."""

Number = int | float | Fraction


@dataclass(frozen=True, slots=True)
class Compare:
    """One or more comparisons that must all hold, as (operator, number)."""

    tests: tuple[tuple[str, int | float], ...]

    def holds(self, value: Number | None) -> bool:
        """Whether a number satisfies them; None (nothing to measure) does not."""
        return value is not None and all(OPERATORS[op](value, bound) for op, bound in self.tests)

    @property
    def closing(self) -> bool:
        """Whether later events can make it false, so that the window must be over."""
        return any(op not in RISING for op, _ in self.tests)

    def __str__(self) -> str:
        return " and ".join(f"{WORDS[op]} {bound:,}" for op, bound in self.tests)


class Occurrences:
    """Where in a window each place's matches are, in order; asked by ordered conditions."""

    def __init__(self) -> None:
        self.at: dict[int, list[tuple[int, str]]] = {}

    def add(self, hit: Hit) -> None:
        """Take in a hit, wherever it stands in the order."""
        for place in hit.places:
            times = self.at.setdefault(place, [])
            item = (hit.time, hit.by)
            times.insert(bisect_left(times, item), item)

    def remove(self, hit: Hit) -> None:
        """Forget a hit."""
        for place in hit.places:
            times = self.at[place]
            del times[bisect_left(times, (hit.time, hit.by))]
            if not times:
                del self.at[place]


End = tuple[int, str]
Ends = tuple[End, ...]
"""The two earliest (time, event) at which what was read so far can end, of different events.

Two are enough: a step may follow in the same instant, but on another event than the last one.
"""

START: Ends = ((-(1 << 62), ""),)


def earliest(*ends: Ends) -> Ends:
    """The two earliest of several, of different events."""
    found: list[End] = []
    for end in sorted(end for some in ends for end in some):
        if len(found) < 2 and all(end[1] != known[1] for known in found):
            found.append(end)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Occurs:
    """The rule at a place matched in the window."""

    place: int

    def holds(self, seen: Mapping[int, object]) -> bool:
        """Whether it did."""
        return self.place in seen

    def after(self, ends: Ends, window: Occurrences) -> Ends:
        """Where it can end when it follows what ends there."""
        times = window.at.get(self.place, ())
        found: list[End] = []
        if not ends:
            return ()
        for end in times[bisect_left(times, (ends[0][0], "")) :]:
            if any(last <= end[0] and event != end[1] for last, event in ends):
                found.append(end)
                if len(found) == 2:
                    break
        return tuple(found)

    def rules(self) -> frozenset[int]:
        """The places it speaks of."""
        return frozenset({self.place})

    negative = False


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; in an ordered condition one after the other."""

    parts: tuple[Expression, ...]

    def holds(self, seen: Mapping[int, object]) -> bool:
        """Whether they do, in any order."""
        return all(part.holds(seen) for part in self.parts)

    def after(self, ends: Ends, window: Occurrences) -> Ends:
        """Where they can end, each after the one before it."""
        for part in self.parts:
            ends = part.after(ends, window)
        return ends

    def rules(self) -> frozenset[int]:
        """The places it speaks of."""
        return frozenset().union(*(part.rules() for part in self.parts))

    @property
    def negative(self) -> bool:
        """Whether a later event can make it false."""
        return any(part.negative for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple[Expression, ...]

    def holds(self, seen: Mapping[int, object]) -> bool:
        """Whether one does."""
        return any(part.holds(seen) for part in self.parts)

    def after(self, ends: Ends, window: Occurrences) -> Ends:
        """Where any of them can end."""
        return earliest(*(part.after(ends, window) for part in self.parts))

    def rules(self) -> frozenset[int]:
        """The places it speaks of."""
        return frozenset().union(*(part.rules() for part in self.parts))

    @property
    def negative(self) -> bool:
        """Whether a later event can make it false."""
        return any(part.negative for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold anywhere in the window, whatever comes before or after it."""

    part: Expression

    def holds(self, seen: Mapping[int, object]) -> bool:
        """Whether it does not."""
        return not self.part.holds(seen)

    def after(self, ends: Ends, window: Occurrences) -> Ends:
        """Where it was, when the part does not occur."""
        return () if self.part.after(START, window) else ends

    def rules(self) -> frozenset[int]:
        """The places it speaks of."""
        return self.part.rules()

    negative = True


Expression = Occurs | All | Either | Not


def longest_chain(length: int, window: Occurrences) -> int:
    """How many of the listed rules follow each other in the listed order, leaving some out."""
    chains: list[Ends] = [START]
    for place in range(length):
        step = Occurs(place)
        grown = [step.after(ends, window) for ends in chains]
        chains.append(())
        for number, ends in enumerate(grown, start=1):
            chains[number] = earliest(chains[number], ends)
    return max(number for number, ends in enumerate(chains) if ends)


def possible(expression: Expression, places: Sequence[int]) -> bool:
    """Whether a window, which has at least one match in it, can ever satisfy it."""
    if len(places) > 12:
        return True
    for chosen in range(1, 1 << len(places)):
        seen = {place: True for bit, place in enumerate(places) if chosen >> bit & 1}
        if expression.holds(seen):
            return True
    return False
