"""Slow, obvious readers that the real ones must agree with, and small helpers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from connectors.files import FileSource, Limits
from engine.errors import Problem
from engine.ports import Record


def reference_lines(data: bytes) -> tuple[list[tuple[int, dict[str, Any]]], list[int]]:
    """Line number and object of each good line, and the numbers of the bad ones."""
    good, bad = [], []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_constant=_refuse, parse_float=_finite)
        except ValueError:
            value = None
        if isinstance(value, dict):
            good.append((number, value))
        else:
            bad.append(number)
    return good, bad


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def read_files(
    *paths: Any, limits: Limits | None = None, **kwargs: Any
) -> tuple[list[Record], list[Problem]]:
    """Every record and problem of some files."""
    problems: list[Problem] = []
    source = FileSource(list(paths), problems.append, limits=limits, **kwargs)
    records = [record for batch in source.poll(None) for record in batch.records]
    source.close()
    return records, problems


def read_bytes(
    folder: Path, data: bytes, name: str = "x.json", limits: Limits | None = None
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The documents and problems of a file with this content."""
    path = folder / name
    path.write_bytes(data)
    records, problems = read_files(path, limits=limits)
    return [dict(record.document) for record in records], problems


def kinds(problems: Iterable[Problem]) -> list[str]:
    """The kinds of some problems, in order."""
    return [problem.kind for problem in problems]


# Surrogates cannot be written as UTF-8; numbers past 64 bits become floats.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
# A key that cannot be a wrapper's keeps each of them one event.
objects = st.dictionaries(texts.map(lambda key: "k" + key), values, min_size=1, max_size=4)
