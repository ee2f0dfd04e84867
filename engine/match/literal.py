"""A stretch of text that every match of a regular expression must contain."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

# The parser behind `re` is not public; where it is missing or reads a pattern differently from
# what we expect, no literal is found, which only costs time.
try:
    from re import _constants as _names  # type: ignore[attr-defined]
    from re import _parser  # type: ignore[attr-defined]
except ImportError:  # pragma: no cover
    _parser = None


@cache
def required_literal(pattern: str) -> str:
    """The longest text, in lower case, that is certain to be part of any match; "" for none.

    Found only in the outermost sequence and in groups that must match; sound for searches that
    regard case and for those that do not, as long as the searched text is ASCII.
    """
    if _parser is None or not pattern.isascii():
        return ""
    try:
        parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return ""
    if parsed.state.flags & re.VERBOSE:
        return ""
    return max(_runs(parsed), key=len, default="")


def _runs(sequence: Any) -> list[str]:
    """Texts that must stand in what the sequence matches; neighbours are joined."""
    found: list[str] = []
    run = ""
    for operator, argument in sequence:
        if operator is _names.LITERAL and argument < 128:
            run += chr(argument).lower()
            continue
        if operator is not _names.AT:  # an anchor takes no room between its neighbours
            found, run = [*found, run], ""
        if operator is _names.SUBPATTERN:
            found += _runs(argument[3])
        elif operator in (_names.MAX_REPEAT, _names.MIN_REPEAT) and argument[0] >= 1:
            found += _runs(argument[2])
    return [text for text in (*found, run) if text]
