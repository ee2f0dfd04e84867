"""The tests that a group of rules asks of one field, run together and once for each value."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from ahocorasick_rs import AhoCorasick

from engine.match.expression import Test
from engine.match.literal import required_literal
from engine.match.memory import Budget, Memory
from engine.match.pattern import fold
from engine.match.predicates import Matches, Scalar, Text, as_text

LONGEST_KEPT = 4096
"""Values longer than this (characters) are looked at anew each time."""

FEW = 8
"""Up to so many texts are looked for one by one, more of them by an automaton."""

Held = frozenset[int]
"""The numbers of tests that hold."""

NOTHING: Held = frozenset()
Fits = Callable[[str], bool]


class Literals:
    """Patterns that a value can only fit when it contains their literal."""

    def __init__(self, patterns: Iterable[tuple[str, int, Fits]]) -> None:
        by_literal: dict[str, list[tuple[int, Fits]]] = {}
        for literal, number, fits in patterns:
            by_literal.setdefault(literal, []).append((number, fits))
        self._always = by_literal.pop("", [])
        self._patterns = list(by_literal.values())
        self._few = list(by_literal.items()) if len(by_literal) <= FEW else []
        self._automaton = AhoCorasick(list(by_literal)) if len(by_literal) > FEW else None

    def held(self, folded: str) -> list[int]:
        """The numbers of the patterns that fit a text in lower case."""
        found = [number for number, fits in self._always if fits(folded)]
        for patterns in self._suspects(folded):
            found += [number for number, fits in patterns if fits(folded)]
        return found

    def _suspects(self, folded: str) -> Iterable[list[tuple[int, Fits]]]:
        if self._automaton is None:
            return [patterns for literal, patterns in self._few if literal in folded]
        try:
            matches = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        except UnicodeEncodeError:  # a lone surrogate cannot be handed over
            return self._patterns
        return [self._patterns[place] for place in {match[0] for match in matches}]


class _NoEvent:
    """Stands where a predicate might look for other fields; those asked here do not."""

    def values(self, _field: str, /) -> tuple[Scalar, ...]:
        return ()


_NO_EVENT = _NoEvent()


class FieldTests:
    """All tests on one field, and what they said of the values seen."""

    def __init__(self, field: str, tests: Sequence[tuple[int, Test]], budget: Budget) -> None:
        self.field = field
        self.hits = self.misses = 0
        self._exact: dict[str, list[int]] = {}
        texts: list[tuple[str, int, Fits]] = []
        regexes: list[tuple[str, int, Matches]] = []
        self._others: list[tuple[int, Test]] = []
        for number, test in tests:
            predicate = test.predicate
            if isinstance(predicate, Text) and not predicate.pattern.cased:
                pattern = predicate.pattern
                if pattern.literal is not None:
                    self._exact.setdefault(pattern.literal, []).append(number)
                else:
                    literal = max(pattern.literals, key=len)
                    texts.append((literal, number, pattern.matches_folded))
            elif isinstance(predicate, Matches):
                regexes.append((required_literal(predicate.regex.source), number, predicate))
            else:
                self._others.append((number, test))
        self._texts = Literals(texts)
        self._regexes = regexes
        self._known = Memory[Held](budget)
        self.texts = self._known.answers
        """Answers for fields of one text that is not too long, by that text."""

    def held(self, values: tuple[Scalar, ...]) -> Held:
        """The numbers of the tests that hold on a field's values."""
        key = lasting(values)
        if key is None:
            return self._evaluate(values)
        known = self._known.answers.get(key)
        if known is not None:
            self.hits += 1
            return known
        self.misses += 1
        return self._known.keep(key, self._evaluate(values), characters(values))

    def _evaluate(self, values: tuple[Scalar, ...]) -> Held:
        found: list[int] = []
        for value in values:
            text = as_text(value)
            folded = fold(text)
            found += self._exact.get(folded, ())
            found += self._texts.held(folded)
            plain = text.isascii()
            found += [
                number
                for literal, number, predicate in self._regexes
                # beyond ASCII, what a regular expression takes for the same letter is not
                # what lower case makes of it
                if (literal in folded or not plain) and predicate.accepts(value)
            ]
        found += [n for n, test in self._others if test.predicate.holds(values, _NO_EVENT)]
        return frozenset(found) if found else NOTHING


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
