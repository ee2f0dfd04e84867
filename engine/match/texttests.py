"""Many patterns asked of one text at once.

A pattern is looked at only where the text has a piece of plain text that it needs. Up to `FEW`
such pieces are looked for one by one, more of them by an Aho-Corasick automaton. Where many long
texts come, and Hyperscan is installed, a database of the whole patterns takes over for these: it
is slow to make, and quick.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ahocorasick_rs import AhoCorasick

from engine.match.pattern import Pattern, fold

FEW = 8
LONG = 400
"""Characters of a text from which on a database is quicker than an automaton."""
SOON = 400_000
"""Characters of long texts that are looked at before a database is made."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A test of texts that have a piece of plain text (in lower case; "" for any).

    `fits` decides, given the text as it is and in lower case. `pattern` says the same as a
    pattern, where it is one.
    """

    number: int
    literal: str
    fits: Callable[[str, str], bool]
    pattern: Pattern | None = None


@dataclass(slots=True, eq=False)
class _Asked:
    """The numbers of the tests that a text passes when it has a literal anywhere, at its
    beginning, at its end; and those that must be asked then."""

    anywhere: list[int] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)

    def add(self, piece: Piece) -> None:
        """Sort in what has the literal."""
        match piece.pattern.plain if piece.pattern else None:
            case ("", _, ""):
                self.anywhere.append(piece.number)
            case (_, ""):
                self.begins.append(piece.number)
            case ("", _):
                self.ends.append(piece.number)
            case _:
                self.pieces.append(piece)


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
        self._automaton = AhoCorasick(list(by_literal)) if many else None
        self._database: _Database | None = None
        self._soon = SOON if many else 0

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
            matches = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        except UnicodeEncodeError:  # a lone surrogate cannot be handed over
            return found + [p.number for p in self._pieces if p.fits(text, folded)]
        size = len(folded)
        suspects: list[_Asked] = []
        for place, start, end in matches:
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
        if self._always or not (database := self._database_for(len(text))):
            return None
        return database.held(text)

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
        folded = "" if all(piece.pattern for piece in pieces) else fold(text)
        return [p.number for p in pieces if p.pattern is not None or p.fits(text, folded)]

    def _take(self, place: int, *_: object) -> None:
        self._hits.append(place)


def expression(piece: Piece) -> bytes:
    """What finds exactly the texts that fit a piece's pattern, or that have its literal."""
    if piece.pattern is None:
        return re.escape(piece.literal).encode()
    segments = [
        ".".join(re.escape(part) for part in segment.split(Pattern.ANY_CHAR))
        for segment in piece.pattern.segments
    ]
    first, last = segments[0], segments[-1]
    text = ".*".join(segment for segment in segments if segment)
    return ((r"\A" if first else "") + text + (r"\z" if last else "")).encode()
