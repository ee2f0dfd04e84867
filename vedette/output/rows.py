"""Alerts as CSV, for spreadsheets: one row an alert, every cell quoted and guarded."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

from engine.ports import Document
from vedette.output import attack, fields
from vedette.output.safe import csv_cell
from vedette.output.summary import Summary

COLUMNS = (
    "time",
    "level",
    "rule",
    "rule_id",
    "tactics",
    "techniques",
    "host",
    "user",
    "source.ip",
    "destination.ip",
    "process",
    "command_line",
    "reason",
    "alert_id",
    "event_id",
)
"""The columns, in order. New ones are only ever added at the end.

`time` is the event's, ISO 8601 in UTC, empty when it has none; several tactics or techniques
are joined by `; `. Excel shows at most 32,767 characters of a cell: longer values are cut
there and end in `…`.
"""

_LONGEST = 32_000


class CsvWriter:
    """A header, then one row an alert, flushed as it comes.

    Every cell is quoted: a spreadsheet that splits at semicolons must not find a formula in
    the middle of a value.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._rows = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def alert(self, document: Document) -> None:
        """Write one row."""
        self._rows.writerow([_cell(value) for value in row(document)])
        self._out.flush()

    def close(self, summary: Summary) -> None:  # noqa: ARG002  (the Writer protocol)
        """Nothing is left to write."""
        self._out.flush()


def row(document: Document) -> tuple[str, ...]:
    """The values of one alert in the order of `COLUMNS`, as they are in the document."""
    text = fields.text
    pairs = list(attack.shown(document))
    ancestors = fields.entries(fields.get(document, "vedette.alert.ancestors"))
    when = fields.original_time(document)
    return (
        when.isoformat(timespec="milliseconds").replace("+00:00", "Z") if when else "",
        fields.level(document),
        fields.title(document),
        text(document, "rule.uuid"),
        _joined(pair.tactic.name or pair.tactic.id for pair in pairs if pair.tactic),
        _joined(pair.technique_id for pair in pairs),
        fields.host(document),
        fields.user(document),
        text(document, "source.ip"),
        text(document, "destination.ip"),
        text(document, "process.executable", "process.name"),
        text(document, "process.command_line"),
        text(document, "event.reason"),
        text(document, "vedette.alert.id", "event.id"),
        _joined(text(entry, "id") for entry in ancestors),
    )


def _joined(names: Iterable[str]) -> str:
    return "; ".join(name for name in dict.fromkeys(names) if name)


def _cell(value: str) -> str:
    cell = csv_cell(value[: _LONGEST + 1])
    return cell if len(cell) <= _LONGEST else cell[:_LONGEST] + "…"
