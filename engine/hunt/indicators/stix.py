"""Indicators in a STIX 2.1 bundle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from engine.correlate.value import micros
from engine.errors import InputError, Problem, Report
from engine.hunt.indicators.indicator import Indicator
from engine.moment import parse_time

_TERM = r"[a-z0-9-]+:[\w.\-']+(?:\[[^\]]*\])?(?:[\w.\-']*)\s*=\s*'(?:[^'\\]|\\.)*'"
_EITHER = rf"\s*{_TERM}(?:\s+OR\s+{_TERM})*\s*"
_PATTERN = re.compile(rf"\s*\[{_EITHER}\](?:\s+OR\s+\[{_EITHER}\])*\s*")
_VALUE = re.compile(r"=\s*'((?:[^'\\]|\\.)*)'")
_ESCAPED = re.compile(r"\\(.)")

MAX_PATTERN = 16_384
"""Longest pattern."""


def read(raw: bytes, file: str, report: Report) -> Iterator[Indicator]:
    """The indicators of a bundle whose patterns ask for one value or for one of several.

    Others cannot be looked up one event and value at a time: they are counted and left out
    (`stix-pattern`). Revoked ones are none. Raises `InputError`.
    """
    try:
        bundle = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InputError(f"is not JSON: {error}", file=file) from error
    objects = bundle.get("objects") if isinstance(bundle, Mapping) else None
    if not isinstance(objects, list):
        raise InputError("is no STIX bundle", file=file, expected="an object with objects")
    for item in objects:
        if (
            isinstance(item, Mapping)
            and item.get("type") == "indicator"
            and not item.get("revoked")
        ):
            yield from _values(item, file, report)


def _values(item: Mapping[str, Any], file: str, report: Report) -> Iterator[Indicator]:
    pattern, kind = item.get("pattern"), item.get("pattern_type", "stix")
    name = str(item.get("name") or item.get("id") or "an indicator")
    if (
        kind != "stix"
        or not isinstance(pattern, str)
        or len(pattern) > MAX_PATTERN
        or not _PATTERN.fullmatch(pattern)
    ):
        message = f"{name[:100]}: its pattern asks for more than one value, and is left out"
        report(Problem("stix-pattern", message, file))
        return
    since, until = (parse_time(item.get(key)) for key in ("valid_from", "valid_until"))
    for found in _VALUE.findall(pattern):
        yield Indicator(
            _ESCAPED.sub(r"\1", found), file.rpartition("/")[2], name[:200],
            micros(since) if since else None, micros(until) if until else None,
        )  # fmt: skip
