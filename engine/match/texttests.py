"""Many patterns asked of one text at once.

A pattern is looked at only where the text has a piece of plain text that it needs. Such pieces are
looked for by the native finder (`engine/match/finder.c`), where it was built. Else up to `FEW` are
looked for one by one, more of them by an Aho-Corasick automaton, and in long texts by Hyperscan,
once much text came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation

from engine.lazy import lazy
from engine.match.body import Held
from engine.match.expression import Test
from engine.match.literal import required_literal
from engine.match.native import NATIVE
from engine.match.pattern import Pattern, Regex, fold
from engine.match.predicates import Exists, Matches, Text

if TYPE_CHECKING:
    from engine.match.finder import Finder

Told = Held | tuple[Held, list[int]] | None

FEW = 8
LONG = 400
"""Characters of a text from which on a database is quicker than an automaton."""
SOON = 1500
"""Characters of long texts, for each pattern, that are looked at before a database is made."""
AT_LEAST = 500
"""Patterns that a database takes as long as to make, however few it has."""


class Piece(NamedTuple):
    """A test of texts that have a piece of plain text (in lower case; "" for any)."""

    number: int
    literal: str
    asks: Pattern | Regex

    def fits(self, text: str, folded: str) -> bool:
        """Whether a text passes; `folded` is the text as it is compared."""
        asks = self.asks
        return asks.matches_folded(folded) if isinstance(asks, Pattern) else asks.search(text)


@dataclass(slots=True, eq=False)
class _Asked:
    """The numbers of the tests that a text passes when it has a literal anywhere, at its
    beginning, at its end; and those that must be asked then."""

    # most of these have one number and no more: tuples are small
    anywhere: tuple[int, ...] = ()
    begins: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    pieces: tuple[Piece, ...] = ()

    def add(self, piece: Piece) -> None:
        """Sort in what has the literal."""
        number, _, asks = piece
        plain = asks.plain if type(asks) is Pattern else None
        if plain is None:
            self.pieces += (piece,)
        elif len(plain) == 3 and not plain[0] and not plain[2]:
            self.anywhere += (number,)
        elif len(plain) == 2 and not plain[1]:
            self.begins += (number,)
        elif len(plain) == 2 and not plain[0]:
            self.ends += (number,)
        else:
            self.pieces += (piece,)


def _untold(_: bytes) -> None:
    """Without the native finder nothing is told of bytes."""


class TextTests:
    """Pieces, looked for together; besides, what whole texts pass, and what all do.

    `native` says to look by the native finder; it is for tests to switch off.
    """

    native = NATIVE

    def __init__(
        self,
        pieces: Sequence[Piece],
        exact: Mapping[str, Sequence[int]],
        anything: Sequence[int] = (),
        finder: Finder | None = None,
    ) -> None:
        self._pieces = [piece for piece in pieces if piece.literal]
        self._always = [piece for piece in pieces if not piece.literal]
        self._exact, self._anything = exact, anything
        by_literal: dict[str, _Asked] = {}
        for piece in self._pieces:
            asked = by_literal.get(piece.literal)
            if asked is None:
                asked = by_literal[piece.literal] = _Asked()
            asked.add(piece)
        self._by_literal = by_literal
        self._asked = list(by_literal.values())
        self._database: _Database | None = None
        self._longest = max(LONG, *map(len, exact), 0)
        many = len(by_literal) > FEW
        self._soon = SOON * (AT_LEAST + len(pieces)) if many else 0
        self.finder = finder or (self._native() if self.native else None)
        """The native finder, where there is one."""
        self.quick = not self._always
        """Whether a text's pieces tell all."""
        self.raw: Callable[[bytes], Told] = self.finder.raw if self.finder else _untold
        """The numbers of the tests that a text passes, as it stands in JSON, and of what must be
        asked more; the former alone where that is nothing. None where it must be read to be told.
        """

    def _native(self) -> Finder | None:
        from engine.match.finder import Finder

        # half a surrogate pair has no UTF-8 form, and a text with one goes another way
        literals = tuple(text.encode("utf-8", "surrogatepass") for text in self._by_literal)
        rows = tuple((a.anywhere, a.begins, a.ends, bool(a.pieces)) for a in self._asked)
        exact = {t.encode("utf-8", "surrogatepass"): tuple(n) for t, n in self._exact.items()}
        with suppress(ValueError):  # too many are alike: the automaton has no such bound
            return Finder(literals, rows, exact, tuple(self._anything))
        return None

    @lazy
    def _automaton(self) -> BytesAhoCorasick | None:
        if len(self._by_literal) <= FEW:
            return None
        # a table of states, `DFA`, is quicker alone, but too large for a processor's cache
        compact = Implementation.ContiguousNFA
        literals = [text.encode("utf-8", "surrogatepass") for text in self._by_literal]
        return BytesAhoCorasick(literals, implementation=compact)

    def held(self, text: str) -> list[int]:
        """The numbers of the tests that a text passes, some maybe twice."""
        if self.finder is None and len(text) > self._longest and text.isascii():
            at_once = self._long(text)
            if at_once is not None:
                return at_once
        folded = fold(text)
        return self._found(text, folded) + _passed(self._always, text, folded)

    def more(self, suspects: Iterable[int], text: str) -> list[int]:
        """The numbers of the tests, of what must be asked more, that a text passes."""
        folded = fold(text)
        found = _passed(self._always, text, folded) if self._always else []
        return found + self._suspected([self._asked[n] for n in suspects], text, folded)

    def _found(self, text: str, folded: str) -> list[int]:
        try:
            encoded = folded.encode()
        except UnicodeEncodeError:  # a lone surrogate
            return self._alike(folded) + _passed(self._pieces, text, folded)
        told = self.finder.folded(encoded) if self.finder else None
        if told is None:
            look = self._one_by_one if self._automaton is None else self._by_automaton
            return self._alike(folded) + look(text, folded, encoded)
        found, suspects = told
        return [*found, *self._suspected([self._asked[n] for n in suspects], text, folded)]

    def _alike(self, folded: str) -> list[int]:
        """Those of all texts, and those of this one as a whole."""
        return [*self._anything, *self._exact.get(folded, ())]

    def _suspected(self, asked: Iterable[_Asked], text: str, folded: str) -> list[int]:
        return [number for each in asked for number in _passed(each.pieces, text, folded)]

    def _one_by_one(self, text: str, folded: str, _encoded: bytes) -> list[int]:
        found: list[int] = []
        for literal, asked in self._by_literal.items():
            if literal in folded:
                found += asked.anywhere
                if folded.startswith(literal):
                    found += asked.begins
                if folded.endswith(literal):
                    found += asked.ends
                found += _passed(asked.pieces, text, folded)
        return found

    def _by_automaton(self, text: str, folded: str, encoded: bytes) -> list[int]:
        assert self._automaton is not None
        found: list[int] = []
        size = len(encoded)
        suspects: list[_Asked] = []
        for place, start, end in self._automaton.find_matches_as_indexes(encoded, overlapping=True):
            asked = self._asked[place]
            found += asked.anywhere
            if not start:
                found += asked.begins
            if end == size:
                found += asked.ends
            if asked.pieces and asked not in suspects:
                suspects.append(asked)
        return found + self._suspected(suspects, text, folded)

    def _long(self, text: str) -> list[int] | None:
        """As `held`, for a long ASCII text; None while there is no database."""
        if not (database := self._database_for(len(text))):
            return None
        folded = fold(text)
        return [*self._anything, *database.held(text), *_passed(self._always, text, folded)]

    def _database_for(self, characters: int) -> _Database | None:
        """The database, once enough long texts came to make it worth its while."""
        if self._soon > 0:
            self._soon -= characters
            if self._soon <= 0:
                self._database = _Database.of(self._pieces)
        return self._database


def pieces(tests: Mapping[int, Test]) -> tuple[list[Piece], dict[str, list[int]], list[int]]:
    """What tests look for in texts: pieces, whole texts, and the numbers of those that take any."""
    found: list[Piece] = []
    exact: dict[str, list[int]] = {}
    anything: list[int] = []
    for number, test in tests.items():
        match test.predicate:
            case Text(pattern) if not pattern.cased:
                if (literal := pattern.literal) is not None:
                    exact.setdefault(literal, []).append(number)
                elif pattern.plain and not pattern.longest:  # `*`
                    anything.append(number)
                else:
                    found.append(Piece(number, pattern.longest, pattern))
            case Matches(regex):
                found.append(Piece(number, required_literal(regex.source), regex))
            case Exists(True):
                anything.append(number)
    return found, exact, anything


def _passed(pieces: Iterable[Piece], text: str, folded: str) -> list[int]:
    return [piece.number for piece in pieces if piece.fits(text, folded)]


class _Database:
    """Pieces as a Hyperscan database, for ASCII texts.

    A pattern beyond ASCII fits none of these, and is left out.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        import hyperscan

        self._pieces = [piece for piece in pieces if piece.literal.isascii()]
        self._database = hyperscan.Database()
        flags = (
            hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_SINGLEMATCH
        )
        self._database.compile(
            expressions=[expression(piece) for piece in self._pieces],
            ids=list(range(len(self._pieces))),
            elements=len(self._pieces),
            flags=[flags] * len(self._pieces),
        )
        self._hits: list[int] = []

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> _Database | None:
        """The database, or None where Hyperscan is not installed or does not take the pieces."""
        try:
            import hyperscan
        except ImportError:
            return None
        try:
            return cls(pieces)
        except hyperscan.error:  # the automaton goes on, which only costs time
            return None

    def held(self, text: str) -> list[int]:
        """The numbers of the tests that an ASCII text passes."""
        hits = self._hits
        hits.clear()
        self._database.scan(text.encode(), match_event_handler=self._take)
        pieces = [self._pieces[place] for place in hits]
        return [p.number for p in pieces if isinstance(p.asks, Pattern) or p.asks.search(text)]

    def _take(self, place: int, *_: object) -> None:
        self._hits.append(place)


def expression(piece: Piece) -> bytes:
    """What finds exactly the texts that fit a piece's pattern, or that have its literal."""
    if not isinstance(piece.asks, Pattern):
        return re.escape(piece.literal).encode()
    segments = [
        ".".join(re.escape(part) for part in segment.split(Pattern.ANY_CHAR))
        for segment in piece.asks.segments
    ]
    first, last = segments[0], segments[-1]
    text = ".*".join(segment for segment in segments if segment)
    return ((r"\A" if first else "") + text + (r"\z" if last else "")).encode()
