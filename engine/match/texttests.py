"""Many patterns asked of one text at once.

A pattern is looked at only where the text has a piece of plain text that it needs. Up to `FEW`
such pieces are looked for one by one, more of them by an Aho-Corasick automaton, which becomes a
table of states once much text came.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation

from engine.match.pattern import Pattern, Regex, fold

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


class TextTests:
    """Pieces, looked for together."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = [piece for piece in pieces if piece.literal]
        self._always = [piece for piece in pieces if not piece.literal]
        by_literal: dict[str, _Asked] = {}
        for piece in self._pieces:
            asked = by_literal.get(piece.literal)
            if asked is None:
                asked = by_literal[piece.literal] = _Asked()
            asked.add(piece)
        self._by_literal = by_literal
        self._asked = list(by_literal.values())
        many = len(by_literal) > FEW
        # a table of states, `DFA`, is quicker alone, but too large for a processor's cache
        compact = Implementation.ContiguousNFA
        literals = [literal.encode() for literal in by_literal]
        self._automaton = BytesAhoCorasick(literals, implementation=compact) if many else None
        self._database: _Database | None = None
        self._soon = SOON * (AT_LEAST + len(pieces)) if many else 0

    def held(self, text: str, folded: str) -> list[int]:
        """The numbers of the tests that a text passes, some maybe twice.

        `folded` is the text as it is compared.
        """
        found = [piece.number for piece in self._always if piece.fits(text, folded)]
        if self._automaton is None:
            for literal, asked in self._by_literal.items():
                if literal in folded:
                    found += asked.anywhere
                    if folded.startswith(literal):
                        found += asked.begins
                    if folded.endswith(literal):
                        found += asked.ends
                    found += [piece.number for piece in asked.pieces if piece.fits(text, folded)]
            return found
        try:
            encoded = folded.encode()
        except UnicodeEncodeError:  # a lone surrogate
            return found + [p.number for p in self._pieces if p.fits(text, folded)]
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
                found += [piece.number for piece in asked.pieces if piece.fits(text, folded)]
        return found

    def long(self, text: str) -> list[int] | None:
        """As `held`, for a long ASCII text; None while there is no database."""
        if not (database := self._database_for(len(text))):
            return None
        found = database.held(text)
        if self._always:
            folded = fold(text)
            found += [piece.number for piece in self._always if piece.fits(text, folded)]
        return found

    def _database_for(self, characters: int) -> _Database | None:
        """The database, once enough long texts came to make it worth its while."""
        if self._soon > 0:
            self._soon -= characters
            if self._soon <= 0:
                self._database = _Database.of(self._pieces)
        return self._database


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
