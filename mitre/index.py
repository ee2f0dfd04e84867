"""A mapper as the bytes of one file, and back: npz with a JSON of what is no array. No pickle."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

from mitre.bag import Bag
from mitre.dense import Dense
from mitre.errors import AttackError
from mitre.example import Example
from mitre.mapper import Mapper, labels
from mitre.technique import Release
from mitre.texts import Encode
from mitre.view import Part, View

FORMAT = 3
"""Goes up when a file of before would be read wrongly."""

LARGEST = 1 << 28
"""Bytes that one array may have when unpacked."""

FACTS = "facts"

Arrays = dict[str, np.ndarray[Any, Any]]


def dump(mapper: Mapper, key: str) -> bytes:
    """The mapper's file; `key` says what it was made from, and is asked for by `restore`."""
    arrays: Arrays = {}
    views: dict[str, Any] = {}
    stored: dict[int, str] = {}
    columns: dict[str, list[str]] = {}
    for name, view in mapper.views.items():
        told = {}
        for part_name, part in view.parts.items():
            place = stored.setdefault(id(part.by), f"{name}.{part_name}")
            told[part_name] = [place, part.share]
            if place == f"{name}.{part_name}":
                arrays |= _arrays(place, part.by, columns)
        arrays |= {
            f"{name}.rows": view.rows,
            f"{name}.own": np.array(view.own),
            f"{name}.weights": view.weights.astype(np.float16),
            f"{name}.combined": view.combined,
            f"{name}.meant": view.meant,
            f"{name}.floor": np.array(view.floor),
        }
        views[name] = told
    examples = [[e.id, e.title, [*e.techniques], [*e.tactics]] for e in mapper.examples]
    facts = {
        "format": FORMAT, "key": key, "views": views, "columns": columns,
        "techniques": list(mapper.techniques), "examples": examples,
    }  # fmt: skip
    arrays[FACTS] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    out = BytesIO()
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type] # its stub takes the names for options
    return out.getvalue()


def restore(content: bytes, key: str, release: Release, encode: Encode | None = None) -> Mapper:
    """The mapper that `dump` wrote under `key`. Raises `AttackError` for anything else."""
    try:
        arrays = _unpacked(content)
        facts = json.loads(arrays[FACTS].tobytes())
        if facts["format"] != FORMAT or facts["key"] != key:
            raise AttackError("is the index of other rules")
        examples = [
            Example(id, title, tuple(known), tactics=tuple(tactics))
            for id, title, known, tactics in facts["examples"]
        ]
        bags: dict[str, Bag | Dense] = {}
        views = {
            name: _view(name, told, facts, arrays, examples, release, bags)
            for name, told in facts["views"].items()
        }
        return Mapper(examples, facts["techniques"], release, views, encode)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, AttackError):
            raise
        raise AttackError(f"is no index of a mapper: {error}") from error


def _view(
    name: str,
    told: Mapping[str, Any],
    facts: Mapping[str, Any],
    arrays: Arrays,
    examples: list[Example],
    release: Release,
    bags: dict[str, Bag | Dense],
) -> View:
    rows = arrays[f"{name}.rows"]
    known = labels([examples[int(row)] for row in rows], facts["techniques"], release)
    weights = arrays[f"{name}.weights"].astype(np.float32)
    if weights.shape != known.known.shape:
        raise AttackError("has weights of another shape than its texts")
    parts = {}
    for part, (place, share) in told.items():
        if place not in bags:
            bags[place] = _compared(place, arrays, facts["columns"])
        if bags[place].count != len(rows):
            raise AttackError("compares with another number of texts than it has")
        parts[part] = Part(bags[place], float(share))
    own, floor = int(arrays[f"{name}.own"]), float(arrays[f"{name}.floor"])
    if not 0 < own <= len(rows):
        raise AttackError("has another number of texts of its kind than it has texts")
    combined, meant = arrays[f"{name}.combined"], arrays[f"{name}.meant"]
    return View(parts, rows, own, known, weights, combined, meant, floor)


def _arrays(place: str, by: Bag | Dense, columns: dict[str, list[str]]) -> Arrays:
    if isinstance(by, Dense):
        return {f"{place}.vectors": by.vectors, f"{place}.mean": by.mean}
    columns[place] = by.columns
    return {
        f"{place}.idf": by.idf, f"{place}.starts": by.starts, f"{place}.rows": by.rows,
        f"{place}.weights": by.weights, f"{place}.count": np.array(by.count),
    }  # fmt: skip


def _compared(place: str, arrays: Arrays, columns: Mapping[str, list[str]]) -> Bag | Dense:
    if f"{place}.vectors" in arrays:
        return Dense(arrays[f"{place}.vectors"], arrays[f"{place}.mean"])
    idf, starts, rows, weights = (
        arrays[f"{place}.{name}"] for name in ("idf", "starts", "rows", "weights")
    )
    count, names = int(arrays[f"{place}.count"]), columns[place]
    whole = len(starts) == len(names) + 1 == len(idf) + 1 and len(rows) == len(weights)
    inside = (whole and not len(rows)) or (int(rows.min()) >= 0 and int(rows.max()) < count)
    if not inside or starts[0] != 0 or starts[-1] != len(rows) or (np.diff(starts) < 0).any():
        raise AttackError("has features that do not hold together")
    return Bag(names, idf, starts, rows, weights, count)


def _unpacked(content: bytes) -> Arrays:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if any(info.file_size > LARGEST for info in archive.infolist()):
                raise AttackError("holds an array that is too large")
            with np.load(BytesIO(content), allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
    except (OSError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise AttackError(f"is no index of a mapper: {error}") from error
