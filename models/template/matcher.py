"""A line as a compiled pattern that fits exactly the lines of the same masked form.

Dates in words were taken out of it before (`front.py`). Comparing a line with such a pattern costs
a fraction of masking it. It is exact, not a guess. What is no value stands in the pattern as it is,
and each value as `PATTERN` of `mask.py`, which at any place fits one text or none (its quantifiers
are possessive, its ends are decided by the characters beside it). Nothing else in a fitting line
can be a value: it would begin in a literal part, and either end there, in which case it were one in
the first line too; or reach the next value by a joint. Then the two were one value in the first
line, unless too many words without a digit come first: a line in which a literal part could reach a
value gets no pattern. Signs cannot part them, since none may follow a joint.
`tests/models/template/test_matcher.py` looks for a counterexample.

Where what follows a value cannot belong to it, a simpler pattern that fits fewer texts does as
well, and compiles and runs faster: digits, or a UUID.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from models.template.mask import PATTERN, VALUE

_DIGITS = re.compile(r"[0-9]+(?:[-.:]{1,2}+[0-9]+)*")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ENDS = re.compile(r"[-.:]*(?:[^-.:0-9A-Za-z]|\Z)")
_SIGNED = re.compile(r"(?:^|[^-.:+0-9A-Za-z])\Z")

_REACHING = re.compile(r"(?<![0-9A-Za-z])[a-fA-F]+[-.:]{1,2}\Z")

_ANY_DIGITS = r"[0-9]++(?:[-.:]{1,2}+[0-9]++)*+"
_ANY_UUID = r"(?=[a-f-]*+[0-9])" + _UUID.pattern


def matcher(line: str) -> Callable[[str], object] | None:
    """A function that is true of the lines that are masked to the same text as `line`.

    It may be false of some of them. None for the rare line of which no pattern can be made.
    """
    found = list(VALUE.finditer(line))
    starts = [0, *(match.end() for match in found)]
    ends = [*(match.start() for match in found), len(line)]
    literals = [line[start:end] for start, end in zip(starts, ends, strict=True)]
    if any(map(_REACHING.search, literals[:-1])):
        return None
    return re.compile("".join(_parts(literals, [match.group() for match in found]))).fullmatch


def _parts(literals: list[str], found: list[str]) -> Iterator[str]:
    """`literals` with a pattern for each value between them; there is one more than of those."""
    yield re.escape(literals[0])
    for at, value in enumerate(found):
        before, after = literals[at : at + 2]
        yield _value(before, value, after, last=at + 1 == len(found))
        yield re.escape(after)


def _value(before: str, value: str, after: str, last: bool) -> str:
    if not _ENDS.match(after) or not (last or after.strip("-.:")):
        return PATTERN
    sign = "[-+]?+" if _SIGNED.search(before) else ""
    if _DIGITS.fullmatch(value.lstrip("+-") if sign else value):
        return sign + _ANY_DIGITS
    return _ANY_UUID if _UUID.fullmatch(value) else PATTERN
