"""What documents of a window any rule can match, told by the values that stand in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

from connectors.search.clauses import NEVER, Clause, Like, Terms, There, all_of, some_of
from connectors.search.decidable import Catalogue, Column
from connectors.search.values import Value, Values
from engine.match.pattern import fold
from engine.needs.folded import DOTTED
from engine.needs.need import ALWAYS, Always, Either, Every, Lacks, Need, One, Word
from engine.needs.places import Places
from engine.needs.test import Test, only

LITERALS = 200
"""Texts that are looked for by expressions, at most."""
LETTERS = 100
"""Letters of a text that are looked for, the first: an expression may not be long."""
BETWEEN = "\0"

Held = Mapping[Test, Collection[int]]
"""The places, among some values, of those that pass each test."""


class Holding(Protocol):
    """Which values of a field pass which tests of it, by their places."""

    def held(self, field: str, values: Sequence[Value]) -> Held:
        """Tests that no value passes may be left out."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """What all rules need, by their ids, and who asks values the tests of it.

    `titles` has the rules by which people know them.
    """

    needs: Mapping[str, Need]
    holding: Holding
    titles: Mapping[str, str]


class Plan:
    """Which columns have to be known of the documents of an index."""

    def __init__(self, asking: Asking, catalogue: Catalogue) -> None:
        self.asking, self.catalogue = asking, catalogue
        self.places = Places(catalogue.leaves, catalogue.objects, catalogue.hidden)
        self._columns: dict[str, tuple[Column, ...] | None] = {}
        found: dict[Column, None] = {}
        for one in ones(asking.needs.values()):
            for column in self.columns(one.field) or ():
                if column.decides(one.test) and not _there(one):
                    found[column] = None
        self.wanted = tuple(found)

    def columns(self, name: str) -> tuple[Column, ...] | None:
        """Where a field of rules gets its values from; None where that cannot be told."""
        if name not in self._columns:
            paths = self.places.of(name)
            held = self.catalogue.columns
            known = paths is not None and all(path in held for path in paths)
            self._columns[name] = (
                tuple(held[path] for path in sorted(paths or ())) if known else None
            )
        return self._columns[name]


@dataclass
class Judge:
    """Turns needs into conditions that documents of one window meet, by the values there.

    A condition that is None may be met by any document.
    """

    plan: Plan
    values: dict[Column, Values]
    total: int
    words: bool = False
    """Whether `values` has all columns, so that words can be looked for; else they may be there."""
    _known: dict[int, Clause | None] = field(default_factory=dict)
    _held: dict[tuple[str, Column], Held] = field(default_factory=dict)
    _texts: dict[Column, str] = field(default_factory=dict)
    _odd: dict[Column, AbstractSet[int]] = field(default_factory=dict)

    def of(self, need: Need) -> Clause | None:
        """The condition of a need; `NEVER` where no document can meet it."""
        key = id(need)
        if key not in self._known:
            self._known[key] = self._judged(need)
        return self._known[key]

    def _judged(self, need: Need) -> Clause | None:
        match need:
            case Always():
                return None
            case One():
                return self._one(need)
            case Lacks():
                return None
            case Word(test):
                return self._word(test) if self.words else None
            case Every(parts):
                return self._every(parts)
            case Either(parts):
                return self._either(parts)

    def _every(self, parts: Iterable[Need]) -> Clause | None:
        found: list[Clause] = []
        for part in parts:
            clause = self.of(part)
            if clause == NEVER:
                return NEVER
            if clause is not None:
                found.append(clause)
        return all_of(found, self.total) if found else None

    def _either(self, parts: Iterable[Need]) -> Clause | None:
        found: list[Clause] = []
        for part in parts:
            clause = self.of(part)
            if clause is None:
                return None
            found.append(clause)
        return some_of(found)

    def _one(self, one: One) -> Clause | None:
        columns = self.plan.columns(one.field)
        if columns is None:
            return None
        found: list[Clause] = []
        for column in columns:
            clause = self._in(column, one)
            if clause is None:
                return None
            found.append(clause)
        return some_of(found)

    def _in(self, column: Column, one: One) -> Clause | None:
        """Where a column has a value that passes."""
        test = one.test
        if _there(one) or (test.anything and not column.decides(test)):
            # of an empty text no integer is made, and no text of one that is cut off
            cut = column.limit is not None and column.name == column.path
            lost = cut or column.shape == "integer"
            return None if lost else There(column.path, self.total)
        if not column.decides(test):
            return None
        known = self.values[column]
        if not known.whole:
            return None
        values = list(known.counts)
        if column.shape == "integer":
            passing = [value for value in values if test.rounded(int(value))]
        elif column.shape == "boolean":
            passing = [value for value in values if value is test.boolean]
        else:
            held = self._places(one.field, column, values)
            passed = self._within(column, one.within, set(held.get(test, ())), held, values)
            passing = [values[at] for at in sorted({*passed, *self._unsure(column)})]
        return self._passing(column, test, known, passing)

    def _places(self, name: str, column: Column, values: Sequence[Value]) -> Held:
        """Which of a column's values pass which tests of a field."""
        key = name, column
        if key not in self._held:
            self._held[key] = self.plan.asking.holding.held(name, values)
        return self._held[key]

    def _within(
        self,
        column: Column,
        need: Need,
        passed: AbstractSet[int],
        held: Held,
        values: Sequence[Value],
    ) -> AbstractSet[int]:
        """Those of some values (by their places) that what a field lacks does not rule out."""
        match need:
            case Lacks(_, test):
                if not column.proves(test):
                    return passed
                ruled = passed & set(held.get(test, ()))
                return passed - {at for at in ruled if only(values[at])}
            case Every(parts):
                for part in parts:
                    passed = self._within(column, part, passed, held, values)
                return passed
            case Either(parts):
                left = (self._within(column, part, passed, held, values) for part in parts)
                return set[int]().union(*left)
        return passed

    def _passing(
        self, column: Column, test: Test, known: Values, passing: Sequence[Value]
    ) -> Clause:
        documents = sum(known.counts[value] for value in passing)
        if not known.others:
            if not passing:
                return NEVER
            return Terms(column.name, frozenset(passing), documents)
        documents += known.others
        if column.shape == "integer":
            assert test.number is not None
            near = (value for value in (-1, 0, 1) if test.rounded(test.number + value))
            return Terms(column.name, frozenset(test.number + n for n in near), documents)
        texts = spelled(column, test.literals)
        return Like(column.name, texts, documents) if texts else There(column.name, documents)

    def _word(self, test: Test) -> Clause | None:
        paths, catalogue = self.plan.places.words(test), self.plan.catalogue
        if paths is None:
            return None
        found: list[Clause] = []
        for path in sorted(paths):
            if catalogue.never_has(path, test.literals):
                continue
            column = catalogue.columns.get(path)
            if column is None or not column.decides(test):
                return None
            known = self.values[column]
            if not known.whole:
                return None
            if known.counts or known.others:
                found.append(self._passing(column, test, known, self._with(column, test, known)))
        return some_of(found)

    def _with(self, column: Column, test: Test, known: Values) -> list[Value]:
        """The values of a column that pass a test, looked for together first."""
        if column.shape == "integer":
            return [value for value in known.counts if test.rounded(int(value))]
        if column.shape == "boolean":
            return [value for value in known.counts if value is test.boolean]
        if test.literals is not None:
            if column not in self._texts:
                self._texts[column] = fold(BETWEEN.join(map(str, known.counts)))
            text = self._texts[column]
            # half a surrogate pair may have been any letter
            odd = "\ufffd" in text or self._unsure(column)
            if not odd and not any(each in text for each in test.literals):
                return []
        unsure = self._unsure(column)
        return [value for at, value in enumerate(known.counts) if at in unsure or test.holds(value)]

    def _unsure(self, column: Column) -> AbstractSet[int]:
        """The places of values with two letters where a document may have had one.

        An expression may tell these apart. They are few, and pass whatever is asked.
        """
        if column not in self._odd:
            values = self.values[column].counts if column.shape == "dotted" else ()
            odd = (at for at, each in enumerate(values) if isinstance(each, str) and DOTTED in each)
            self._odd[column] = frozenset(odd)
        return self._odd[column]


def _there(one: One) -> bool:
    """Whether it asks for no more than that there is a value."""
    return one.test.anything and one.within == ALWAYS


def ones(needs: Iterable[Need]) -> Iterator[One]:
    """All tests of fields in some needs, each once."""
    for need in _parts(needs):
        if isinstance(need, One):
            yield need


def has_words(need: Need) -> bool:
    """Whether a need asks for a value of any field."""
    return any(isinstance(part, Word) for part in _parts([need]))


def _parts(needs: Iterable[Need]) -> Iterator[Need]:
    left, known = list(needs), set()
    while left:
        need = left.pop()
        if id(need) in known:
            continue
        known.add(id(need))
        yield need
        if isinstance(need, Every | Either):
            left.extend(need.parts)


def spelled(column: Column, literals: Sequence[str] | None) -> frozenset[str]:
    """Expressions for some texts in lower case, however they are spelled in a column.

    They may find more, and find none less; there is none where that cannot be said.
    """
    if not literals or len(literals) > LITERALS or any("\u0307" in each for each in literals):
        return frozenset()
    letter: Callable[[str], str] = _any_case if column.shape == "exact" else _small
    return frozenset("".join(map(letter, each[:LETTERS])) for each in literals)


def _small(letter: str) -> str:
    if not letter.isascii():
        return "."  # whatever it is, one letter
    return letter if letter.isalnum() else f"\\{letter}"


_TWINS = {"k": "\u212a", "i": "\u0130"}
"""Letters that are ASCII when they are written small, and else are not."""


def _any_case(letter: str) -> str:
    if letter.isascii() and letter.isalpha():
        return f"[{letter}{letter.upper()}{_TWINS.get(letter, '')}]"
    return _small(letter)
