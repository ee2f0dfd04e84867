"""Looking for the keywords of rules in a document before anything is made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import re2
from ahocorasick_rs import AhoCorasick

from engine.match.pattern import fold
from engine.match.predicates import as_text

# What may write an ASCII letter or digit in another way: an escape of JSON, after a backslash that
# is not itself escaped, and the two letters whose lower case is, or begins with, an ASCII letter
# (U+0130, U+212A). Escapes of what `verbatim` leaves out (`<`, `>`, `&`, `'`) do not matter.
ESCAPES = (
    rb"(?:^|[^\\])(?:\\\\)*\\u(?:00(?:2[0-589a-fA-F]|3[0-9abdfABDF]|[4-7])|0130|212[aA])"
    rb"|\xc4\xb0|\xe2\x84\xaa"
)


class Keywords:
    """Texts of which an event that any keyword rule matches has at least one.

    The raw JSON is searched first. Where it writes letters in another way, or lower case is not
    what it seems, it proves nothing, and the document's values are looked at.
    """

    def __init__(self, literals: frozenset[str]) -> None:
        self._raw = _searcher(tuple(sorted({verbatim(literal) for literal in literals})))
        self._values = AhoCorasick(sorted(literals))

    @staticmethod
    @cache
    def of(literals: frozenset[str] | None) -> Keywords | Anything:
        """What looks for the keywords, once for all that have the same; None may be anything."""
        return Anything() if literals is None else Keywords(literals)

    def may_stand_in(self, document: Mapping[str, Any], raw: bytes | None) -> bool:
        """Whether a keyword may be among the values; False is certain."""
        if raw is not None and not self._raw(raw):
            return False
        parts: list[str] = []
        for value in document.values():
            for item in value if type(value) is list else (value,):
                if type(item) is str:
                    parts.append(item)
                elif isinstance(item, int | float):
                    parts.append(as_text(item))
                elif item is not None:  # an object has values of its own, and maybe its text
                    return True
        try:
            return bool(self._values.find_matches_as_indexes(fold("\n".join(parts))))
        except UnicodeEncodeError:  # a lone surrogate cannot be handed over
            return True


class Anything:
    """Stands for keyword rules that no text is certain of."""

    def may_stand_in(self, _document: Mapping[str, Any], _raw: bytes | None, /) -> bool:
        """It may."""
        return True


def verbatim(literal: str) -> str:
    """The longest stretch of a text that stands in an event's JSON just as in the value.

    JSON may escape quotes, slashes and all beyond ASCII, and put space around its own signs (a
    colon among these follows a quote, so any other is text). A number has several spellings: a
    stretch without a letter is none.
    """
    stretches = re.findall(r"[ !#-%(-+.0-9;=?-Z^-z|~-][ !#-%(-+.0-9:;=?-Z^-z|~-]*", literal)
    return max((s for s in stretches if re.search("[a-df-z]", s)), key=len, default="")


def _searcher(words: tuple[str, ...]) -> Callable[[bytes], bool]:
    """What says whether raw JSON has one of the words (in any case), or an escape."""
    if "" in words:
        return lambda _: True
    try:
        import hyperscan
    except ImportError:
        return _re2_searcher(words)
    database = hyperscan.Database()
    once = hyperscan.HS_FLAG_SINGLEMATCH
    database.compile(
        expressions=[*(re.escape(word).encode() for word in words), ESCAPES],
        ids=list(range(len(words) + 1)),
        elements=len(words) + 1,
        flags=[once | hyperscan.HS_FLAG_CASELESS] * len(words) + [once],
    )
    hits: list[int] = []

    def take(number: int, *_: object) -> None:
        hits.append(number)

    def scan(raw: bytes) -> bool:
        hits.clear()
        database.scan(raw, match_event_handler=take)
        return bool(hits)

    return scan


def _re2_searcher(words: tuple[str, ...]) -> Callable[[bytes], bool]:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    texts = "|".join(re.escape(word) for word in words).encode()
    pattern = re2.compile(b"(?i:" + texts + b")|" + ESCAPES, options)
    return lambda raw: pattern.search(raw) is not None
