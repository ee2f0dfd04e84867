"""One question to one value of a field, as an index has the value."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import orjson

from engine.lazy import lazy
from engine.match.pattern import Pattern
from engine.match.predicates import (
    Boolean,
    Exists,
    Number,
    OneField,
    Scalar,
    Text,
    as_number,
    as_text,
)
from engine.needs.folded import keeps, returns

EXACT = 2**53
"""Integers below this are what they are as floating-point numbers, too."""

UNKNOWN = "\ufffd"
"""What indices write for half a surrogate pair; a value with it may have been another one."""

Positive = OneField | Exists
"""Predicates that hold of some values one by one; of `Exists` the one that wants a value."""


@dataclass(frozen=True, eq=False)
class Test:
    """Whether a value passes a predicate; equal ones are one object (see `Tests`).

    `beyond` says that values beyond ASCII pass besides.
    """

    predicate: Positive
    beyond: bool = False

    def holds(self, value: str | int | bool) -> bool:
        """Whether a value may pass, as an index of exact values has it.

        A number in a document is a text there, as it was spelled, and both are asked. With `folded`
        this is right for values in lower case, too.
        """
        if isinstance(value, str) and (UNKNOWN in value or (self.beyond and not value.isascii())):
            return True
        return any(self._passes(spelled) for spelled in spellings(value))

    def _passes(self, value: Scalar) -> bool:
        predicate = self.predicate
        return True if isinstance(predicate, Exists) else predicate.accepts(value)

    @lazy
    def folded(self) -> bool:
        """Whether each value that passes also does in lower case, as Lucene writes it."""
        return keeps(self.predicate)

    def proven(self, *, lower: bool = False, dots: bool = False) -> bool:
        """Whether what an index has of a value shows that it passes, where it is the `only` one.

        `lower` says that the index has it in lower case; `dots` is as in `folded.returns`.
        """
        predicate = self.predicate
        if self.beyond or isinstance(predicate, Exists):
            return False
        return not lower or returns(predicate, dots=dots)

    @property
    def anything(self) -> bool:
        """Whether every value passes."""
        return isinstance(self.predicate, Exists)

    @lazy
    def number(self) -> int | None:
        """The integer that values must equal, where nothing else passes; as `rounded` says."""
        predicate = self.predicate
        if isinstance(predicate, Number):
            number = predicate.number
            return int(number) if abs(number) < EXACT and number == int(number) else None
        literal = self._literal
        if literal is None or not re.fullmatch("0|-?[1-9][0-9]{0,15}", literal):
            return None
        return int(literal) if abs(int(literal)) < EXACT else None

    def rounded(self, integer: int) -> bool:
        """Whether a value may pass that an index of integers holds as this one; `number` is known.

        Where it cuts off a fraction that is less than a floating-point number can show, the value
        equals the next integer to us.
        """
        number = self.number
        assert number is not None
        return integer == number or (abs(number) - abs(integer) == 1 and number * integer >= 0)

    @lazy
    def boolean(self) -> bool | None:
        """The boolean that values must be, where nothing else passes."""
        if isinstance(self.predicate, Boolean):
            return self.predicate.boolean
        return {"true": True, "false": False}.get(self._literal or "")

    @lazy
    def longest(self) -> int | None:
        """The most UTF-16 units that a value that passes can have; None where it may be any length.

        A number may be spelled at any length (`4.000`), and so may what is compared as one.
        """
        if isinstance(self.predicate, Boolean):
            return len("false")
        literal = self._literal
        if literal is None or as_number(literal) is not None or literal in ("inf", "-inf"):
            return None
        return len(literal.encode("utf-16-le", "surrogatepass")) // 2

    @lazy
    def literals(self) -> tuple[str, ...] | None:
        """Texts in lower case of which a value that passes has one, its letters in any case.

        None where none is known. What may be part of a number is none: a document may have spelled
        that otherwise.
        """
        predicate = self.predicate
        if self.beyond or not isinstance(predicate, Text):
            return None
        longest = Pattern(("", predicate.pattern.longest, "")).longest
        return (longest,) if set(longest) - _NUMERIC else None

    @lazy
    def joined(self) -> bool:
        """Whether a field that is made of several values passes only if one of these does.

        Such are Sysmon's names for what ECS has apart: `DOMAIN\\user`, `MD5=…,SHA256=…`.
        """
        if self.beyond or not isinstance(self.predicate, Text):
            return False
        parts = self.predicate.pattern.plain
        if parts is None or len(parts) != 3 or parts[0] or parts[2]:
            return False
        text = parts[1].lower()
        return not set(text) & set("\\,='\"[]") and not any(text in word for word in _WORDS)

    @property
    def _literal(self) -> str | None:
        predicate = self.predicate
        return predicate.pattern.literal if isinstance(predicate, Text) else None

    def __str__(self) -> str:
        return f"{self.predicate}{' or is beyond ASCII' if self.beyond else ''}"


_WORDS = ("md5=", "sha1=", "sha256=", "imphash=", "true", "false")
"""What the fields that are made of several say besides."""

_NUMERIC = frozenset("0123456789+-.einf")
"""Characters of numbers as texts."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_OTHERWISE = re.compile(r"[.eE]|^-0$|[0-9]{18}")
"""Without any of these the text of a number is what the number is as a text."""


def spellings(value: Scalar) -> tuple[Scalar, ...]:
    """A value of an index, and what it was if it was a number in a document."""
    if not isinstance(value, str) or value[:1] not in "-0123456789" or not _OTHERWISE.search(value):
        return (value,)
    if not _NUMBER.fullmatch(value):
        return (value,)
    number = _number(value)
    return (value,) if as_text(number) == value else (value, number)


def only(value: Scalar) -> bool:
    """Whether a value of an index, but for its case, can have been no other in a document."""
    return not (isinstance(value, str) and UNKNOWN in value) and len(spellings(value)) == 1


def _number(text: str) -> int | float:
    try:
        number: int | float = orjson.loads(text)
    except orjson.JSONDecodeError:
        number = json.loads(text)
    return number


class Tests:
    """Tests, each made once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Positive, bool], Test] = {}
        self._texts: dict[tuple[str, ...], Test] = {}
        """Those by texts without regard to case: what these are made of is quicker to look up."""

    def of(self, predicate: Positive, *, beyond: bool = False) -> Test:
        """The test by this predicate."""
        if type(predicate) is Text and not (predicate.pattern.cased or beyond):
            segments = predicate.pattern.segments
            text = self._texts.get(segments)
            if text is None:
                text = self._texts[segments] = Test(predicate)
            return text
        key = (predicate, beyond)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Test(predicate, beyond)
        return known
