"""What the raw JSON of a line may not have, so that a few of its values tell the whole event.

`engine.match.lines` reads only the values that rules ask for. That proves something only where
no other part of the line could change what the rules see: no object that `normalise` would look
into, no key that it reads in another way, and none of the keywords that are searched in every
value. All of these are looked for at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING

import re2

from engine.layout import NESTED, OTHER_WAYS
from engine.match.native import NATIVE

if TYPE_CHECKING:
    from engine.match.reader import Words

NOTHING, WORDS, OTHER = 0, 1, 2

Finds = Callable[[bytes], int]
"""What a line has of what a guard looks for: `NOTHING`, only `WORDS`, or `OTHER` things too."""

WRAPPERS = ("_source", "hits", "Records", "records", "value")
"""Keys of which a file's reader unwraps the events inside."""

# How JSON may write, in another way, what is looked for here: an ASCII letter, digit or sign
# (of those that `verbatim` allows in a keyword, and of the keys above) as an escape, and the two
# letters beyond ASCII whose lower case is, or begins with, an ASCII letter (U+0130, U+212A). Half
# of a surrogate pair is no text that could be read.
OTHERWISE = (
    rb"\\u(?:00(?:2[0-589a-fA-F]|3[0-9abdfABDF]|[4-7])|0130|212[aA]|[dD][89a-fA-F])"
    rb"|\xc4\xb0|\xe2\x84\xaa"
)

PATIENCE = 1000
"""Lines that RE2 looks at, each ten times as long, before a database of Hyperscan is made. That
takes as long as thousands of lines, and where the native reader is, few lines come here."""

SPACED = rb'[{,][ \t\r\n]*"[^"\\]* [^"\\]*"[ \t\r\n]*:'
"""A key with a space, which goes by its name without the space as well."""


_WEIGHT = {
    **dict.fromkeys("etaoinsr0123456789 .-_/\\", 1.0),
    **dict.fromkeys("lcdumpfg", 0.6),
    **dict.fromkeys("bhvwyk", 0.3),
    **dict.fromkeys("jqxz", 0.1),
}
"""A guess at how common a character is in logs; signs that stand nowhere here are rare."""


@lru_cache(maxsize=4096)
def rarest(stretch: str, size: int = 8) -> str:
    """The part of a text that ends in what is seldom seen, which is quicker to look for."""
    ends = range(min(size, len(stretch)), len(stretch) + 1)

    def weight(end: int) -> float:
        return prod(_WEIGHT.get(character, 0.2) for character in stretch[max(0, end - 4) : end])

    end = min(ends, key=weight)
    return stretch[max(0, end - size) : end]


@lru_cache(maxsize=256)
def guard(stretches: frozenset[str], *, spaced: bool, dotted: frozenset[str] | None) -> Finds:
    """Look for everything above and for stretches of keywords (in any case).

    `spaced` says to look for keys with a space, too; `dotted` for keys that begin with one of
    these and a dot, instead of all that no flat event has.
    """
    words = [re.escape(stretch).encode() for stretch in sorted(stretches)]
    if dotted is None:
        exact = [f'"{key}"'.encode() for key in (*sorted(NESTED), *WRAPPERS)]
        exact += [re.escape(f'"{beginning}').encode() for beginning in OTHER_WAYS]
    else:
        names = b"|".join(re.escape(name).encode() for name in sorted(dotted))
        exact = [b'"logsource', b'"(?:' + names + rb')\.[^"\\]*"[ \t\r\n]*:']
    return _search(words, [*exact, OTHERWISE, *([SPACED] if spaced else [])])


@lru_cache(maxsize=256)
def wordfinder(stretches: frozenset[str]) -> Finds | None:
    """Look for stretches of keywords alone; None where there are none."""
    if (words := nativewords(stretches)) is not None:
        return words.find
    found = [re.escape(stretch).encode() for stretch in sorted(stretches)]
    return _search(found, []) if found else None


@lru_cache(maxsize=256)
def nativewords(stretches: frozenset[str]) -> Words | None:
    """What does so natively; None where it cannot."""
    if not NATIVE or not stretches:
        return None
    from engine.match.reader import Words

    with suppress(ValueError):  # they are too short, or too many
        return Words(tuple(stretch.encode() for stretch in sorted(stretches)))
    return None


def _search(words: list[bytes], exact: list[bytes]) -> Finds:
    """What looks for expressions; `words` are found in any case."""
    try:
        import hyperscan  # noqa: F401 # is it there?
    except ImportError:
        return _re2_search(words, exact)
    if not exact:
        return _database(words, exact)
    first, later, left = _re2_search(words, exact), None, PATIENCE

    def finds(line: bytes) -> int:
        nonlocal later, left
        if later is None:
            if left:
                left -= 1
                return first(line)
            later = _database(words, exact)
        return later(line)

    return finds


def _database(words: list[bytes], exact: list[bytes]) -> Finds:
    import hyperscan

    database = hyperscan.Database()
    once = hyperscan.HS_FLAG_SINGLEMATCH
    database.compile(
        expressions=words + exact,
        ids=list(range(len(words) + len(exact))),
        elements=len(words) + len(exact),
        flags=[once | hyperscan.HS_FLAG_CASELESS] * len(words) + [once] * len(exact),
    )
    found: list[int] = []

    def take(number: int, *_: object) -> None:
        found.append(number)

    scan, others = database.scan, len(words)

    def finds(line: bytes) -> int:
        scan(line, match_event_handler=take)
        if not found:
            return NOTHING
        last = max(found)
        found.clear()
        return WORDS if last < others else OTHER

    return finds


def _re2_search(words: list[bytes], exact: list[bytes]) -> Finds:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    texts = b"(?i:" + b"|".join(words) + b")|" if words else b""
    if not exact:
        found = re2.compile(texts.removesuffix(b"|"), options).search
        return lambda line: NOTHING if found(line) is None else WORDS
    search = re2.compile(texts + b"|".join(exact), options).search
    others = re2.compile(b"|".join(exact), options).search

    def finds(line: bytes) -> int:
        if search(line) is None:
            return NOTHING
        return WORDS if others(line) is None else OTHER

    return finds
