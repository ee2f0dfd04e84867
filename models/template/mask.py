"""Values in a line: numbers, dates, addresses, identifiers. Each becomes `<*>`.

A date in words is one value, white space and all: a month's English name and the day beside it, and
what stands around these of a weekday, a year, a time and a zone (`Sat Jun 18 02:08:12 2005`,
`18/Jun/2005:02:08:12 +0200`, `September 3`). Names without a day stay (`Sun`, `May I`). As words
weekdays and months would make up to 84 templates of one kind of line; as a value each, they would
leave too few words beside values for lines of one kind to be found alike.

Then any other value is one word or several that belong together. Words are runs of ASCII letters
and digits.

    word     begins with a digit (`5`, `10MB`, `0x1f`), or is hexadecimal and has one (`fa16`)
    joined   one or two of - . : between a value and hexadecimal words: 10.0.0.1:80,
             fa:16:3e:ee:8c:da, fe80::1, 2026-11-26T18:18:43Z, a UUID; at most eight without a
             digit may come first
    sign     + or - in front, unless it follows a word or one of - . : +

So `eth0`, `IPv6` and `sha256` stay as they are: they name something. Such a value never reaches
over white space, and where one ends is decided by the characters beside it alone: `matcher.py`
rests on that. Every quantifier is possessive: the time is linear in the length of the line.
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

_WEEKDAY = (
    r"(?:Mon(?:day)?+|Tue(?:sday)?+|Wed(?:nesday)?+|Thu(?:rsday)?+|Fri(?:day)?+|Sat(?:urday)?+"
    r"|Sun(?:day)?+)"
)
_MONTH = (
    r"(?:Jan(?:uary)?+|Feb(?:ruary)?+|Mar(?:ch)?+|Apr(?:il)?+|May|June?+|July?+|Aug(?:ust)?+"
    r"|Sep(?:t(?:ember)?+)?+|Oct(?:ober)?+|Nov(?:ember)?+|Dec(?:ember)?+)"
)
_SPACE = r" {1,2}+"
_DAY = rf"[0-9]{{1,2}}+{_END}"
_YEAR = rf"(?:19|20)[0-9]{{2}}{_END}"
_TWO = rf"[0-9]{{2}}{_END}"
_CLOCK = rf"{_DAY}:{_TWO}(?::{_TWO}(?:[.,][0-9]++{_END})?+)?+"

DATE_PATTERN = (
    rf"(?<![0-9A-Za-z.:+-])(?:{_WEEKDAY},?+{_SPACE})?+"
    rf"(?>{_MONTH}{_SPACE}{_DAY}|{_DAY}[ /-]{_MONTH}{_END})"
    rf"(?:(?:,?+{_SPACE}|[/-]){_YEAR})?+(?:(?:,?+{_SPACE}|:){_CLOCK})?+"
    rf"(?:{_SPACE}(?:[-+][0-9]{{4}}|UTC|GMT){_END})?+(?:{_SPACE}{_YEAR})?+"
    r"(?![-.:+]?[0-9A-Za-z])"
)
DATE = re.compile(DATE_PATTERN)
_NAMED = re.compile(r"Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec")

Dates: TypeAlias = re.Pattern[str] | None


def _version(*patterns: str) -> str:
    return blake2b("\n".join(patterns).encode(), digest_size=8).hexdigest()


VERSION = _version(PATTERN, DATE_PATTERN)
"""Changes with the mask: stored templates are of use only under the one that made them."""

MASKS: dict[str, Dates] = {VERSION: DATE, _version(PATTERN): None}
"""By the versions of masks, today's first, what each takes for a date in words; the earliest had
none. Stored templates go on under the mask that made them."""

LONGEST_WORD = 128
MOST_WORDS = 1 << 16


def undated(text: str, dates: Dates = DATE, mark: str = WILD) -> str:
    """`text` with `mark` in the place of each date in words."""
    return dates.sub(mark, text) if dates and _NAMED.search(text) else text


def masked(text: str, dates: Dates = DATE) -> str:
    """`text` with `<*>` in the place of each value."""
    return VALUE.sub(WILD, undated(text, dates))


def values(text: str) -> list[str]:
    """The values in `text` that are no dates in words, from left to right."""
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
        """The masked words of a line without dates: the same as `masked(line).split()`."""
        return tuple(map(self.__getitem__, line.split()))
