"""Indicators in CSV, or one a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from engine.errors import InputError, nearest_name
from engine.hunt.indicators.indicator import Indicator

MAX_CELL = 65_536
"""Longest cell."""


def read(text: str, file: str, column: str | None) -> Iterator[Indicator]:
    """The indicators of a CSV text: of a named column, else the first of every line.

    With a named column the first line holds the names. Lines that begin with `#` are comments; a
    column `note`, where there are names, is shown with what it found. Raises `InputError`.
    """
    lines = (line for line in io.StringIO(text) if line.strip() and not line.startswith("#"))
    source = file.rpartition("/")[2]
    csv.field_size_limit(MAX_CELL)
    try:
        rows = csv.reader(lines)
        place, note = 0, None
        if column is not None:
            names = [name.strip().lstrip("\ufeff") for name in next(rows, [])]
            if column not in names:
                raise InputError(
                    f"has no column {column!r}", file=file, line=1,
                    expected=f"one of {', '.join(names[:20])}", nearest=nearest_name(column, names),
                )  # fmt: skip
            place = names.index(column)
            note = names.index("note") if "note" in names and column != "note" else None
        for row in rows:
            if len(row) > place and (value := row[place].strip()):
                said = row[note].strip() if note is not None and len(row) > note else ""
                yield Indicator(value, source, said or None)
    except csv.Error as error:
        raise InputError(f"is not CSV: {error}", file=file) from error
