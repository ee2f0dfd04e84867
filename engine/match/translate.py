"""From pySigma's parsed condition to our expression.

Every kind of value that pySigma knows is either translated or refused by name: nothing is
dropped on the way.
"""

from __future__ import annotations

from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from engine.match.expression import And, Expression, Not, Or, Test
from engine.match.pattern import Pattern, PatternError, Regex
from engine.match.predicates import (
    Boolean,
    Compare,
    Exists,
    InNetwork,
    Matches,
    Number,
    Predicate,
    SameAs,
    Text,
    TimePart,
)


class UntranslatableError(ValueError):
    """A part of a rule that cannot be evaluated here; the message says which and why."""


class UnfilledError(UntranslatableError):
    """A placeholder has no value."""


_SYMBOLS = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
    CompareOperators.NEQ: "!=",
}

_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}


MAX_LEVELS = 64
"""Levels of and, or and not in one condition, so that evaluating it cannot exhaust the stack."""


def translate(condition: Any, levels: int = MAX_LEVELS) -> Expression:
    """An expression that means what pySigma's condition tree means.

    Raises `UntranslatableError`.
    """
    if not levels:
        raise UntranslatableError("the condition is nested too deeply")
    match condition:
        case ConditionAND(args=args):
            return And(tuple(translate(arg, levels - 1) for arg in args))
        case ConditionOR(args=args):
            return Or(tuple(translate(arg, levels - 1) for arg in args))
        case ConditionNOT(args=args):
            return Not(translate(args[0], levels - 1))
        case ConditionFieldEqualsValueExpression(field=field, value=value):
            return _value(field, value)
        case ConditionValueExpression(value=value):
            return _value(None, value)
        case _:
            raise UntranslatableError(f"condition part {type(condition).__name__} is not known")


def _value(field: str | None, value: Any) -> Expression:
    if isinstance(value, SigmaExpansion):
        return Or(tuple(_value(field, item) for item in value.values))
    empty = isinstance(value, SigmaNull) or (isinstance(value, SigmaString) and not str(value))
    if field is None and empty:
        raise UntranslatableError("a keyword that is null or empty means nothing")
    return Test(field, _predicate(value, keyword=field is None))


def _predicate(value: Any, *, keyword: bool) -> Predicate:
    match value:
        case SigmaString():
            return Text(_pattern(value, keyword=keyword))
        case SigmaTimestampPart():
            return TimePart(value.timestamp_part.name.lower(), int(value.number))
        case SigmaNumber(number=number):
            return Number(_exact(number))
        case SigmaBool(boolean=boolean):
            return Boolean(boolean)
        case SigmaNull():
            return Exists(wanted=False)
        case SigmaExists(exists=exists):
            return Exists(wanted=exists)
        case SigmaRegularExpression():
            return Matches(_regex(value))
        case SigmaCIDRExpression(network=network):
            return InNetwork(network)
        case SigmaCompareExpression(number=number, op=op):
            return Compare.of(_SYMBOLS[op], _exact(number.number))
        case SigmaFieldReference(field=other, starts_with=starts, ends_with=ends):
            return SameAs(other, starts, ends)
        case _:
            raise UntranslatableError(
                f"a value of the kind {type(value).__name__} is not supported"
            )


def _exact(number: int | float) -> int | float:
    """The number, unless pySigma lost digits of it: it keeps whole ones as int, if exact."""
    if isinstance(number, float) and number.is_integer():
        raise UntranslatableError("a number beyond 2^53 loses digits; write it as text")
    return number


def _pattern(value: SigmaString, *, keyword: bool) -> Pattern:
    """Split a Sigma string at its wildcards; a keyword may stand anywhere in a value."""
    segments = [""]
    for part in value.s:
        if isinstance(part, Placeholder):
            raise UnfilledError(f"placeholder %{part.name}% has no value; give a pipeline for it")
        if part is SpecialChars.WILDCARD_MULTI:
            segments.append("")
        elif part is SpecialChars.WILDCARD_SINGLE:
            segments[-1] += Pattern.ANY_CHAR
        elif isinstance(part, str):
            if Pattern.ANY_CHAR in part:
                raise UntranslatableError(f"text {part!r} has the reserved character U+E000")
            segments[-1] += part
    if keyword and segments[0]:
        segments.insert(0, "")
    if keyword and segments[-1]:
        segments.append("")
    return Pattern(tuple(segments), cased=isinstance(value, SigmaCasedString))


def _regex(value: SigmaRegularExpression) -> Regex:
    if value.contains_placeholder():
        raise UnfilledError(f"regular expression {value.regexp} has a placeholder without a value")
    flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
    try:
        return Regex(str(value.regexp), flags)
    except PatternError as error:
        raise UntranslatableError(str(error)) from error
