"""What rules need of recorded events: that none matches without it, and how many events have it.

Events are looked at as an index has them: all documents together, and the distinct values of each
name. `engine.needs` says which of these each rule needs; the reference is what the rules match.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from engine.detect import Detector
from engine.errors import Problem
from engine.needs.need import ALWAYS, Either, Every, Lacks, Need, One, Word
from engine.needs.places import Places
from engine.needs.rules import ALSO, Needs
from engine.needs.test import Test, only
from engine.needs.window import Window
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from tests.conformance.recordings import Recording, numbered
from tests.engine.needs.index import leaves, lucene_lower, objects

Bits = int
"""A set of documents by their places."""


@dataclass
class Needed:
    """Events, those with what any rule needs, and matches without what the rule needs."""

    events: int = 0
    passed: int = 0
    matched: int = 0
    """Events that a rule matches."""
    matches: int = 0
    outside: list[str] = field(default_factory=list)

    def add(self, other: Needed) -> None:
        self.events += other.events
        self.passed += other.passed
        self.matched += other.matched
        self.matches += other.matches
        self.outside += other.outside


class Documents:
    """Documents as an index has them, with or without their case."""

    def __init__(
        self, documents: Sequence[Mapping[str, Any]], window: Window, *, folded: bool
    ) -> None:
        self.all: Bits = (1 << len(documents)) - 1
        self._window, self._folded = window, folded
        self._values: dict[str, dict[str, Bits]] = defaultdict(lambda: defaultdict(int))
        named: set[str] = set()
        for place, document in enumerate(documents):
            named.update(objects(document))
            for name, text in leaves(document):
                self._values[name][lucene_lower(text) if folded else text] |= 1 << place
        self._places = Places(self._values, named)
        self._held: dict[tuple[str | None, str], dict[Test, set[str]]] = {}
        self._known: dict[Need, Bits] = {}

    def having(self, need: Need) -> Bits:
        """The documents that may have what is needed."""
        known = self._known.get(need)
        if known is None:
            known = self._known[need] = self._having(need)
        return known

    def _having(self, need: Need) -> Bits:
        match need:
            case Every(parts):
                found = self.all
                for part in parts:
                    found &= self.having(part)
                return found
            case Either(parts):
                found = 0
                for part in parts:
                    found |= self.having(part)
                return found
            case One(name, test, within):
                return self._told(name, test, self._places.of(name), within)
            case Word(test):
                return self._told(None, test, self._places.words(test))
        return self.all

    def _told(
        self,
        name: str | None,
        test: Test,
        where: frozenset[str] | None,
        within: Need = ALWAYS,
    ) -> Bits:
        if where is None:
            return self.all
        found = 0
        for each in where:
            texts = self._values[each]
            if self._folded and not test.folded:
                passed = set(texts)
            else:
                passed = self._within(name, each, within, self._passed(name, each, test))
            for text in passed:
                found |= texts[text]
        return found

    def _within(self, name: str | None, place: str, need: Need, passed: set[str]) -> set[str]:
        """Those of some values that what the field lacks does not rule out."""
        match need:
            case Lacks(_, test):
                if not test.proven(lower=self._folded):
                    return passed
                return passed - set(filter(only, passed & self._passed(name, place, test)))
            case Every(parts):
                for part in parts:
                    passed = self._within(name, place, part, passed)
            case Either(parts):
                return set().union(*(self._within(name, place, part, passed) for part in parts))
        return passed

    def _passed(self, name: str | None, place: str, test: Test) -> set[str]:
        """The values at a place that pass a test."""
        key = name, place
        if key not in self._held:
            texts, window = list(self._values[place]), self._window
            held = window.held_words(texts) if name is None else window.held(name, texts)
            self._held[key] = {test: {texts[at] for at in places} for test, places in held.items()}
        return self._held[key].get(test, set())


AT_ONCE = 5_000
"""Documents that are one window of an index."""

Shape = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def measure_all(
    recordings: list[Recording],
    rules: Sequence[Rule],
    shaped: Shape,
    *,
    most: int | None,
    folded: bool,
) -> Needed:
    """What so many recorded events have in windows of an index, shipped in some shape."""
    events = (shaped(event) for event in numbered(recordings, most or sum_of(recordings)))
    found = Needed()
    while documents := list(islice(events, AT_ONCE)):
        found.add(measure(documents, rules, folded=folded))
    return found


def sum_of(recordings: Iterable[Recording]) -> int:
    """The events of some recordings."""
    return sum(recording.events for recording in recordings)


def report(found: Needed, name: str) -> list[str]:
    """How many events have what a rule needs, and how many match."""
    passed, matched = (100 * n / max(1, found.events) for n in (found.passed, found.matched))
    lines = [
        f"{name}: {found.passed:,} of {found.events:,} events ({passed:.1f}%) have what a rule "
        f"needs, {found.matched:,} ({matched:.1f}%) match; {found.matches:,} matches, "
        f"{len(found.outside):,} of them without it"
    ]
    return [*lines, *(f"  without: {title}" for title in found.outside[:5])]


def measure(
    documents: Sequence[Mapping[str, Any]], rules: Sequence[Rule], *, folded: bool
) -> Needed:
    """What some documents together have of what the rules need."""

    def report(problem: Problem) -> None:
        raise AssertionError(str(problem))

    needs = Needs().of(rules)
    index = Documents(documents, Window([*needs.values(), *ALSO]), folded=folded)
    also = index.having(Either(ALSO))
    having = {id: index.having(need) | also for id, need in needs.items()}
    passed = also
    for bits in having.values():
        passed |= bits
    detector = Detector(rules, report)
    found = Needed(len(documents), passed.bit_count())
    for place, document in enumerate(documents):
        matches = detector.match(normalise(Record(document, "recording")))
        found.matched += bool(matches)
        found.matches += len(matches)
        found.outside += [m.rule.title for m in matches if not having[m.rule.id] >> place & 1]
    return found
