"""What can be told of values that an index keeps in lower case alone.

Lucene makes each letter small by itself, as Java does: a capital I with a dot becomes an `i` there,
and an `i` with a dot above here. Its tables may be of another Unicode than ours. So only what has
letters that are certain is told: a test that a value passes must pass it in lower case, too
(`keeps`). And a value that passes in lower case is one that passes (`returns`) only where no letter
but its own becomes what the test looks for; of ASCII that is so but for the `i`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from engine.lazy import lazy
from engine.match.literal import required_literal
from engine.match.pattern import Pattern, PatternError, Regex
from engine.match.predicates import (
    Boolean,
    Compare,
    Exists,
    InNetwork,
    Matches,
    Number,
    OneField,
    Text,
)

# The parser behind `re` is not public; without it no regular expression is told, which costs time.
try:
    from re import _constants as _names  # type: ignore[attr-defined]
    from re import _parser  # type: ignore[attr-defined]
except ImportError:  # pragma: no cover
    _parser = None

DOT_ABOVE = "\u0307"
DOTTED = "i\u0307"
"""What a capital I with a dot is in lower case."""
LETTERS = 0x530
"""Latin, Greek and Cyrillic letters are below this; those beyond may get a small form one day."""


def keeps(predicate: OneField | Exists) -> bool:
    """Whether each value that passes a predicate also does as Lucene writes it in lower case."""
    match predicate:
        case Text(pattern):
            plain = Pattern.ANY_CHAR not in "".join(pattern.segments)
            return not pattern.cased and plain and all(map(certain, pattern.segments))
        case Matches(regex):
            return regex.linear and _keeps(regex.source, "i" in regex.flags)
        case Number() | Boolean() | InNetwork() | Compare() | Exists(True):
            return True  # of ASCII alone, in which case does not matter
    return False


def returns(predicate: OneField, *, dots: bool) -> bool:
    """Whether each value that passes as Lucene writes it in lower case passes as it is, too.

    `dots` says that a capital I with a dot became an `i` with one there, as it does here.
    """
    match predicate:
        case Text(pattern):
            text = "".join(pattern.segments)
            return not pattern.cased and text.isascii() and (dots or "i" not in text)
        case Number() | Boolean() | InNetwork() | Compare():
            return True  # of ASCII alone, and no other letter becomes one of those
    return False


def weaker(predicate: OneField | Exists) -> tuple[OneField, bool] | None:
    """What each value that passes a predicate passes in lower case, where that is less.

    With it goes whether values beyond ASCII pass besides. None where nothing is known.
    """
    if isinstance(predicate, Text):
        longest = predicate.pattern.longest
        text = Text(Pattern(("", longest, "")))
        return (text, False) if longest and keeps(text) else None
    if not isinstance(predicate, Matches):
        return None
    regex = predicate.regex
    if regex.linear and "i" not in regex.flags and _keeps(regex.source, True):
        return Matches(AnyCase(regex.source, f"i{regex.flags}")), False
    literal = required_literal(regex.source)
    return (Text(Pattern(("", literal, ""))), True) if literal else None


class AnyCase(Regex):
    """An expression without regard to case, made when a value has the text that it must have.

    It is found in any value where it cannot be made, or only so that it may take long.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "linear", True)

    @lazy
    def _regex(self) -> Regex | None:
        try:
            regex = Regex(self.source, self.flags)
        except PatternError:
            return None
        return regex if regex.linear else None

    def search(self, value: str) -> bool:
        """Whether it may be found in the value."""
        return self._regex is None or self._regex.search(value)


def certain(text: str) -> bool:
    """Whether a folded text is found in the lower case of all values in which it is found folded.

    That is so when no letter of it comes of one that Lucene writes otherwise.
    """
    return text.isascii() or all(map(_certain, text))


@cache
def _certain(letter: str) -> bool:
    kind = unicodedata.category(letter)
    if letter.isascii():
        return True
    if letter == DOT_ABOVE or kind in ("Cn", "Cs", "Lu", "Lt"):
        return False
    return ord(letter) < LETTERS or kind[0] in "PZ" or kind in ("Sm", "Sc", "Sk")


@cache
def _keeps(source: str, folded: bool) -> bool:
    """Whether an expression without regard to case is made of nothing that looks at it still.

    An expression that any value matches is matched by the value in lower case, too, then.
    """
    if _parser is None or not source.isascii() or "[:" in source:
        return False
    try:
        parsed = _parser.parse(source)
    except (re.error, RecursionError, OverflowError):
        return False
    found = parsed.state.flags
    if found & re.VERBOSE or not (folded or found & re.IGNORECASE):
        return False
    return _without_case(parsed)


def _without_case(sequence: Any) -> bool:
    return all(_part(operator, argument) for operator, argument in sequence)


def _part(operator: Any, argument: Any) -> bool:
    if operator is _names.LITERAL or operator is _names.ANY:
        return True
    if operator is _names.NOT_LITERAL:
        return not _lettered(argument, argument)
    if operator is _names.AT:  # no border of words: the sign of kelvins is no letter of one
        return argument in (
            _names.AT_BEGINNING, _names.AT_BEGINNING_STRING, _names.AT_END,
        )  # fmt: skip
    if operator is _names.IN:
        return _in_class(argument)
    if operator is _names.SUBPATTERN:
        _, add, remove, inner = argument
        return not (add or remove) and _without_case(inner)
    if operator is _names.MAX_REPEAT or operator is _names.MIN_REPEAT:
        return _without_case(argument[2])
    if operator is _names.BRANCH:
        return all(map(_without_case, argument[1]))
    return False


def _in_class(items: Any) -> bool:
    """Without letters where it is negated: the capital of one that it leaves out is none of it."""
    negated = items[0][0] is _names.NEGATE
    for operator, argument in items[1:] if negated else items:
        if operator is _names.CATEGORY:
            digits = (_names.CATEGORY_DIGIT, _names.CATEGORY_SPACE)
            others = (_names.CATEGORY_WORD, _names.CATEGORY_NOT_DIGIT, _names.CATEGORY_NOT_SPACE)
            if argument not in digits and (negated or argument not in others):
                return False
        elif negated:
            first, last = argument if operator is _names.RANGE else (argument, argument)
            if _lettered(first, last):
                return False
    return True


def _lettered(first: int, last: int) -> bool:
    """Whether any of some characters is a letter, or beyond ASCII."""
    return last > 127 or any(chr(each).isalpha() for each in range(first, last + 1))
