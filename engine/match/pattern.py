"""Text patterns: Sigma wildcards matched in linear steps, and regular expressions that stop.

Rules and values may both be hostile: wildcards never become a backtracking expression, and
regular expressions run on RE2, whose time is linear in the value. What RE2 refuses (look-around,
back-references) or what is too large for it runs on `regex` under a time limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

import re2
import regex

from engine.lazy import lazy
from engine.match.allowance import RULE_LIMIT, left
from engine.match.dialect import for_regex
from engine.match.weight import copies, endless, threads

TIME_LIMIT = 0.02
"""Seconds after which one search on the stoppable engine is told to end. It looks at its clock
every thousand steps or so, one of which may go through the whole value."""

LONGEST = 16_384
"""Characters of a value on which it is sure to end within as long again; an expression of which
one step may go through the whole value is not tried on longer ones."""

MAX_LENGTH = 32_768
"""Characters of one expression."""

MAX_COPIES = 8_192
"""Places that the stoppable engine may make of an expression, which takes it 0.1 s."""

MAX_THREADS = 1_200
"""Places of an expression that RE2 may have to be in at once."""

_SIGMA, _FINAL_SIGMA = "\u03c3", "\u03c2"


class PatternError(ValueError):
    """A regular expression that no engine here accepts."""


class RegexTimeoutError(Exception):
    """A search on the stoppable engine ran out of time."""


def fold(text: str) -> str:
    """A text as it is compared where case does not count: `str.lower`, and one Greek sigma.

    `lower` writes a capital sigma one way at the end of a word and another elsewhere, so that
    the same letters would differ by what stands beside them.
    """
    lowered = text.lower()
    return lowered if lowered.isascii() else lowered.replace(_FINAL_SIGMA, _SIGMA)


@dataclass(frozen=True)
class Pattern:
    """Text with wildcards, matched against a whole value.

    `segments` are the literal stretches between the `*`; each is a string in which `ANY_CHAR`
    stands for `?`. Without `cased` both sides are compared in lower case.
    """

    segments: tuple[str, ...]
    cased: bool = False
    searches: tuple[re.Pattern[str] | None, ...] = field(init=False, repr=False, compare=False)
    _sigma: bool = field(init=False, repr=False, compare=False)

    ANY_CHAR: ClassVar[str] = "\ue000"  # private use; a rule whose literal has it is refused

    def __post_init__(self) -> None:
        if "".join(self.segments).isascii():  # nearly all: neither a sigma nor `ANY_CHAR` in it
            if not self.cased:
                object.__setattr__(self, "segments", tuple(map(str.lower, self.segments)))
            object.__setattr__(self, "_sigma", False)
            object.__setattr__(self, "searches", (None,) * len(self.segments))
            return
        if not self.cased:
            object.__setattr__(self, "segments", tuple(fold(s) for s in self.segments))
        sigma = not self.cased and any(_SIGMA in s for s in self.segments)
        object.__setattr__(self, "_sigma", sigma)
        searches = tuple(_single_wildcards(s) for s in self.segments)
        object.__setattr__(self, "searches", searches)

    def __hash__(self) -> int:
        return self._hash

    @lazy
    def _hash(self) -> int:
        return hash((self.segments, self.cased))

    def matches(self, value: str) -> bool:
        """Whether the whole value fits; greedy leftmost placing of segments decides a glob."""
        return self.matches_folded(value if self.cased else value.lower())

    @property
    def literal(self) -> str | None:
        """The one text that fits, when there is no wildcard."""
        plain = len(self.segments) == 1 and self.searches[0] is None and not self._sigma
        return self.segments[0] if plain else None

    @lazy
    def plain(self) -> tuple[str, ...] | None:
        """The segments, when all of them are plain text."""
        return None if self._sigma or any(self.searches) else self.segments

    @lazy
    def longest(self) -> str:
        """The longest stretch of plain text that a fitting value has; maybe empty."""
        parts = self.plain or self.literals
        return max(parts, key=len) if len(parts) > 1 else parts[0]

    @property
    def literals(self) -> list[str]:
        """The stretches of plain text that a fitting value has, at least one (maybe empty)."""
        parts = [part for segment in self.segments for part in segment.split(self.ANY_CHAR)]
        return [piece for part in parts for piece in part.split(_SIGMA)] if self._sigma else parts

    def matches_folded(self, text: str) -> bool:
        """`matches` for a value that is already in lower case (unless the pattern is cased)."""
        if self._sigma:
            text = fold(text)
        first, last = self.segments[0], self.segments[-1]
        if len(self.segments) == 1:
            return self._fits(0, text, 0) and len(text) == len(first)
        if len(text) < len(first) + len(last) or not self._fits(0, text, 0):
            return False
        end = len(text) - len(last)
        if not self._fits(len(self.segments) - 1, text, end):
            return False
        position = len(first)
        for index in range(1, len(self.segments) - 1):
            found = self._find(index, text, position, end)
            if found < 0:
                return False
            position = found + len(self.segments[index])
        return True

    def _fits(self, index: int, text: str, at: int) -> bool:
        search = self.searches[index]
        if search is None:
            return text.startswith(self.segments[index], at)
        return search.match(text, at) is not None

    def _find(self, index: int, text: str, start: int, end: int) -> int:
        search = self.searches[index]
        if search is None:
            return text.find(self.segments[index], start, end)
        found = search.search(text, start, end)
        return found.start() if found else -1

    def __str__(self) -> str:
        parts = [s.replace(self.ANY_CHAR, "?") for s in self.segments]
        suffix = " (case counts)" if self.cased else ""
        middle = len(parts) == 3 and parts[0] == "" == parts[2]
        if len(parts) == 1:
            return f"= {parts[0]!r}{suffix}"
        if middle and parts[1]:
            return f"contains {parts[1]!r}{suffix}"
        if len(parts) == 2 and parts[1] == "" != parts[0]:
            return f"starts with {parts[0]!r}{suffix}"
        if len(parts) == 2 and parts[0] == "" != parts[1]:
            return f"ends with {parts[1]!r}{suffix}"
        return f"like {'*'.join(parts)!r}{suffix}"


def _single_wildcards(segment: str) -> re.Pattern[str] | None:
    """A fixed-length search for a segment with `?`, or None when it is plain text."""
    if Pattern.ANY_CHAR not in segment:
        return None
    parts = (re.escape(part) for part in segment.split(Pattern.ANY_CHAR))
    return re.compile(".".join(parts), re.DOTALL)


@dataclass(frozen=True)
class Regex:
    """A regular expression, searched anywhere in a value.

    `flags` is a subset of `ims`. `linear` says on which engine it runs. Raises `PatternError`
    when no engine takes it, or when making it ready would take too long.
    """

    source: str
    flags: str = ""
    linear: bool = field(init=False, compare=False)
    _search: Any = field(init=False, repr=False, compare=False)
    _longest: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.source) > MAX_LENGTH:
            raise PatternError(f"{_shown(self.source)} is longer than {MAX_LENGTH:,} characters")
        compiled = _linear(self.source, self.flags)
        object.__setattr__(self, "linear", compiled is not None)
        object.__setattr__(self, "_search", compiled or _stoppable(self.source, self.flags))
        limit = LONGEST if compiled is None and endless(self.source) else None
        object.__setattr__(self, "_longest", limit)

    def search(self, value: str) -> bool:
        """Whether it is found in the value. Raises `RegexTimeoutError` on the stoppable engine."""
        if self.linear:  # a lone surrogate has no UTF-8 form
            return self._search.search(value.encode("utf-8", "replace")) is not None
        if self._longest is not None and len(value) > self._longest:
            reason = f"is not tried on more than {self._longest:,} characters"
            raise RegexTimeoutError(f"{_shown(self.source)} {reason}")
        seconds = left(TIME_LIMIT)
        if seconds <= 0:
            reason = f"had no time left of the {RULE_LIMIT} s that a rule may search in one event"
            raise RegexTimeoutError(f"{_shown(self.source)} {reason}")
        try:
            return self._search.search(value, timeout=seconds) is not None
        except TimeoutError as error:
            message = f"{_shown(self.source)} took over {seconds:.2g} s"
            raise RegexTimeoutError(message) from error


def _linear(source: str, flags: str) -> Any:
    """The expression on RE2; None when RE2 refuses it, or might be slow on it.

    RE2 goes through a value once, but keeps up to one thread for each place of the expression.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True  # nobody asks what a group matched, and to find out is slow
    prefix = f"(?{flags})" if flags else ""
    try:
        compiled = re2.compile(prefix + source, options)
    except (re2.error, UnicodeEncodeError):  # RE2 wants UTF-8, which has no lone surrogates
        return None
    places = compiled.programsize if compiled.programsize <= MAX_THREADS else threads(source)
    return compiled if places is not None and places <= MAX_THREADS else None


def _stoppable(source: str, flags: str) -> Any:
    size = copies(source)
    if size is None or max(size, len(source)) > MAX_COPIES:
        reason = f"is too large, its repetitions written out; at most {MAX_COPIES:,} places"
        raise PatternError(f"{_shown(source)} {reason if size else 'cannot be read'}")
    try:
        return regex.compile(for_regex(source, flags))
    except (regex.error, OverflowError) as error:
        raise PatternError(f"{_shown(source)}: {error}") from error
    except RecursionError as error:
        raise PatternError(f"{_shown(source)} is nested too deeply") from error


def _shown(source: str) -> str:
    """The expression as messages name it."""
    return f"regular expression {source if len(source) <= 200 else source[:199] + '…'!r}"
