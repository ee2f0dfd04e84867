"""Values in a line: numbers, times, addresses, identifiers. Each becomes `<*>`.

A value is one word or several that belong together. Words are runs of ASCII letters and digits.

    word     begins with a digit (`5`, `10MB`, `0x1f`), or is hexadecimal and has one (`fa16`)
    joined   one or two of - . : between a value and hexadecimal words: 10.0.0.1:80,
             fa:16:3e:ee:8c:da, fe80::1, 2026-11-26T18:18:43Z, a UUID; at most eight without a
             digit may come first
    sign     + or - in front, unless it follows a word or one of - . : +

So `eth0`, `IPv6` and `sha256` stay as they are: they name something. A value never reaches over
white space, and where one ends is decided by the characters beside it alone: `matcher.py` rests on
that. Every quantifier is possessive: the time is linear in the length of the line.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TypeAlias

WILD = "<*>"
"""What stands for a value."""

Tokens: TypeAlias = tuple[str, ...]

_END = r"(?![0-9A-Za-z])"
_JOINT = r"[-.:]{1,2}+"
_LETTERS = rf"[a-fA-F]++{_END}"
_WORD = rf"(?:[0-9][0-9A-Za-z]*+|[a-fA-F]++[0-9][0-9a-fA-F]*+{_END})"
_MORE = rf"(?:[0-9][0-9A-Za-z]*+|[a-fA-F][0-9a-fA-F]*+{_END})"

PATTERN = (
    r"(?:(?<![0-9A-Za-z.:+-])[-+])?+(?<![0-9A-Za-z])"
    rf"(?>(?:{_LETTERS}{_JOINT}){{0,8}}+{_WORD}(?:{_JOINT}{_MORE})*+)"
)
VALUE = re.compile(PATTERN)

VERSION = blake2b(PATTERN.encode(), digest_size=8).hexdigest()
"""Changes with the mask: stored templates are of use only under the one that made them."""

LONGEST_WORD = 128
MOST_WORDS = 1 << 16


def masked(text: str) -> str:
    """`text` with `<*>` in the place of each value."""
    return VALUE.sub(WILD, text)


def values(text: str) -> list[str]:
    """The values in `text`, from left to right."""
    return VALUE.findall(text)


class Words(dict[str, str]):
    """Words between white space and their masked forms, remembered: most of a log repeats.

    `words[word]` answers for any word. Memory is bounded: long ones are not kept, and when there
    are too many, all are forgotten.
    """

    def __missing__(self, word: str) -> str:
        form = VALUE.sub(WILD, word)
        if len(word) <= LONGEST_WORD:
            if len(self) >= MOST_WORDS:
                self.clear()
            self[word] = form
        return form

    def tokens(self, line: str) -> Tokens:
        """The masked words of `line`: the same as `masked(line).split()`."""
        return tuple(map(self.__getitem__, line.split()))
