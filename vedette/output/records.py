"""Rows of plain facts in every output format: table, NDJSON, JSON and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from vedette.output.safe import brief, csv_cell, json_text

_LONGEST = 160
"""Characters shown of a cell in a table."""

Row = Mapping[str, Any]


def write(
    rows: Iterable[Row],
    columns: Sequence[str],
    form: str,
    out: TextIO,
    *,
    shown: Sequence[str] = (),
) -> None:
    """Write rows, each with the columns as keys; a table has those `shown` alone.

    Values are text, whole numbers and None.
    """
    if form == "ndjson":
        for row in rows:
            out.write(json_text(json.dumps(_only(row, columns), ensure_ascii=False)) + "\n")
    elif form == "json":
        text = json.dumps([_only(row, columns) for row in rows], ensure_ascii=False, indent=2)
        out.write("\n".join(map(json_text, text.splitlines())) + "\n")
    elif form == "csv":
        cells = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        cells.writerow(columns)
        for row in rows:
            cells.writerow([csv_cell(_text(row[name])) for name in columns])
    else:
        _table(list(rows), shown or columns, out)


def _table(rows: Sequence[Row], columns: Sequence[str], out: TextIO) -> None:
    table = [[name.replace("_", " ") for name in columns]]
    table += [[brief(_text(row[name]), _LONGEST) for name in columns] for row in rows]
    widths = [max(len(line[place]) for line in table) for place in range(len(columns))]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        out.write("  ".join(cells).rstrip() + "\n")


def _only(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in columns}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
