"""How large an engine makes an expression of itself, before it is given one.

A short text may stand for something endless: 20 times `(…){1,2}` around a letter are a million
letters to an engine that writes repetitions out.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable

# The parser behind `re` is not public. pySigma has compiled every expression with `re` before
# it comes here.
from re import _constants as _names  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

MOST = 1 << 40
"""No count goes further."""

_Times = Callable[[int, int], int]
"""How often a repetition counts, by its least and its most."""


def threads(source: str) -> int | None:
    """How many places of an expression RE2 may have to be in at once; None where `re` fails.

    A repetition without an end counts as often as it must. Of plain words that are alternatives
    the longest counts: RE2 makes one tree of them, and is on one path for each place it began at.
    """
    return _weight(source, lambda least, most: max(least, 1) if most > MOST else most, tree=True)


def copies(source: str) -> int | None:
    """How many characters and classes `regex` makes of an expression; None where `re` fails.

    What must be there is written out, and what may follow once more.
    """
    return _weight(source, lambda least, most: least if least == most else least + 1)


def endless(source: str) -> bool | None:
    """Whether one try at one place of a value may go through all of it; None where `re` fails."""
    found = _weight(source, lambda _, most: MOST if most > MOST else most)
    return None if found is None else found >= MOST


def _weight(source: str, times: _Times, *, tree: bool = False) -> int | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a later Python may read otherwise
            return _of(_parser.parse(source), times, tree)
    except (re.error, RecursionError, OverflowError):
        return None


def _of(sequence: Any, times: _Times, tree: bool) -> int:
    total = 0
    for operator, argument in sequence:
        total += 1
        if operator in _REPEATS:
            least, most, inner = argument
            often = times(least, MOST + 1 if most is _names.MAXREPEAT else most)
            total += often * _of(inner, times, tree)
        elif operator is _names.BRANCH and tree:
            words = [len(branch) for branch in argument[1] if _is_word(branch)]
            total += max(words, default=0)
            total += sum(_of(b, times, tree) for b in argument[1] if not _is_word(b))
        else:
            total += sum(_of(part, times, tree) for part in _parts(operator, argument))
        if total > MOST:
            return MOST
    return total


def _parts(operator: Any, argument: Any) -> list[Any]:
    """The sequences inside of what repeats nothing."""
    if operator is _names.SUBPATTERN:
        return [argument[3]]
    if operator is _names.BRANCH:
        return list(argument[1])
    if operator in (_names.ASSERT, _names.ASSERT_NOT):
        return [argument[1]]
    if operator is _names.ATOMIC_GROUP:
        return [argument]
    if operator is _names.GROUPREF_EXISTS:
        return [branch for branch in argument[1:] if branch]
    return []


def _is_word(sequence: Any) -> bool:
    return all(operator is _names.LITERAL for operator, _ in sequence)


_REPEATS = (_names.MAX_REPEAT, _names.MIN_REPEAT, _names.POSSESSIVE_REPEAT)
