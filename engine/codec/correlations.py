"""Correlations of a whole rule set as JSON text and back, with the files that they stand in."""

from __future__ import annotations

from typing import Any

import orjson

from engine.codec.errors import DecodeError, EncodeError
from engine.codec.rules import (
    FAULTS,
    count,
    decode_error,
    decode_rule,
    dumps,
    encode_error,
    encode_rule,
    texts,
    words,
)
from engine.codec.trees import Reader, Writer
from engine.correlate.condition import (
    OPERATORS,
    All,
    Compare,
    Either,
    Expression,
    Not,
    Occurs,
)
from engine.correlate.link import Linked
from engine.correlate.rule import TYPES, Correlation

MAX_LEVELS = 192
"""Levels of an extended condition that is believed."""


_NONE = Reader(((), (), (), (), ()), {})
"""A correlation has no conditions on events of its own."""


def encode_linked(linked: Linked) -> bytes:
    """What correlations became, as JSON. Raises `EncodeError`."""
    text = dumps(
        {
            "correlations": [_encoded(correlation) for correlation in linked.correlations],
            "refused": [[error.file, encode_error(error)] for error in linked.refused],
            "blocks": sorted(linked.blocks),
        }
    )
    try:
        again = decode_linked(text)
    except DecodeError as error:
        raise EncodeError(str(error)) from error
    if _parts(again) != _parts(linked):
        raise EncodeError("does not come back the same")
    return text


def decode_linked(text: bytes) -> Linked:
    """The correlations again. Raises `DecodeError`."""
    try:
        found = orjson.loads(text)
        return Linked(
            tuple(map(_decoded, found["correlations"])),
            tuple(decode_error(error, words(file)) for file, error in found["refused"]),
            frozenset(texts(found["blocks"])),
        )
    except FAULTS as error:
        raise DecodeError(f"{type(error).__name__}: {error}") from error


def _parts(linked: Linked) -> list[Any]:
    return [linked.correlations, list(map(str, linked.refused)), linked.blocks]


def _encoded(correlation: Correlation) -> dict[str, Any]:
    rule = correlation.rule
    return {
        "rule": encode_rule(rule, Writer()),
        "file": rule.file,
        "ruleset": rule.ruleset,
        "type": correlation.type,
        "sources": list(correlation.sources),
        "titles": list(correlation.titles),
        "span": correlation.span,
        "timespan": correlation.timespan,
        "group_by": list(correlation.group_by),
        "aliases": {name: dict(fields) for name, fields in correlation.aliases.items()},
        "fields": list(correlation.fields),
        "compare": None
        if correlation.compare is None
        else [list(test) for test in correlation.compare.tests],
        "expression": None if correlation.expression is None else _row(correlation.expression),
        "percentile": correlation.percentile,
        "condition": correlation.condition,
        "generate": correlation.generate,
        "content": correlation.content,
    }


def _decoded(found: Any) -> Correlation:
    kind, generate, compare = found["type"], found["generate"], found["compare"]
    if kind not in TYPES or type(generate) is not bool:
        raise DecodeError("no correlation")
    sources = texts(found["sources"])
    expression = found["expression"]
    if (compare is None) == (expression is None):
        raise DecodeError("a correlation with no condition, or with two")
    return Correlation(
        rule=decode_rule(found["rule"], words(found["file"]), words(found["ruleset"]), _NONE),
        type=kind,
        sources=sources,
        titles=texts(found["titles"]),
        span=count(found["span"]),
        timespan=words(found["timespan"]),
        group_by=texts(found["group_by"]),
        aliases={
            name: {words(rule): words(field) for rule, field in fields.items()}
            for name, fields in found["aliases"].items()
        },
        fields=texts(found["fields"]),
        compare=None if compare is None else Compare(tuple(_test(*test) for test in compare)),
        expression=None if expression is None else _tree(expression, len(sources), MAX_LEVELS),
        percentile=_number(found["percentile"]),
        condition=words(found["condition"]),
        generate=generate,
        content=words(found["content"]),
    )


def _test(operator: Any, bound: Any) -> tuple[str, int | float]:
    if operator not in OPERATORS:
        raise DecodeError(f"no operator {operator!r}")
    return operator, _number(bound)


def _number(value: Any) -> int | float:
    if type(value) is int or type(value) is float:
        number: int | float = value
        return number
    raise DecodeError("no number where there should be one")


def _row(expression: Expression) -> list[Any]:
    match expression:
        case Occurs(place):
            return ["occurs", place]
        case All(parts):
            return ["all", *map(_row, parts)]
        case Either(parts):
            return ["either", *map(_row, parts)]
        case Not(part):
            return ["not", _row(part)]


def _tree(row: Any, places: int, levels: int) -> Expression:
    if not levels:
        raise DecodeError("a condition is nested too deeply")
    operator, *given = row
    if operator == "occurs":
        (place,) = given
        if count(place) >= places:
            raise DecodeError("a condition speaks of a rule that is not there")
        return Occurs(place)
    parts = tuple(_tree(part, places, levels - 1) for part in given)
    if operator == "all":
        return All(parts)
    if operator == "either":
        return Either(parts)
    if operator == "not" and len(parts) == 1:
        return Not(parts[0])
    raise DecodeError(f"no operator {operator!r}")
