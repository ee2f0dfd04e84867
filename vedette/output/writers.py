"""The one place that knows every output format."""

from __future__ import annotations

from typing import Literal, Protocol, TextIO

from engine.errors import InputError, nearest_name
from engine.ports import Document
from vedette.output.summary import Summary

Format = Literal["table", "ndjson", "json", "csv"]
FORMATS: tuple[Format, ...] = ("table", "ndjson", "json", "csv")


class Writer(Protocol):
    """Writes alerts to a stream as they come. The stream stays open; errors of it pass through."""

    def alert(self, document: Document) -> None:
        """Take one alert document."""
        ...

    def close(self, summary: Summary) -> None:
        """Write what ends the output. Called once, after the last alert."""
        ...


def writer(format: str, out: TextIO, *, width: int | None, color: bool) -> Writer:
    """The writer for one of `FORMATS`; `width` (columns) and `color` matter to the table only.

    Raises `InputError` for an unknown format.
    """
    match format:
        case "table":
            from vedette.output.table import TableWriter

            return TableWriter(out, width=width, color=color)
        case "ndjson":
            from vedette.output.lines import NdjsonWriter

            return NdjsonWriter(out)
        case "json":
            from vedette.output.lines import JsonWriter

            return JsonWriter(out)
        case "csv":
            from vedette.output.rows import CsvWriter

            return CsvWriter(out)
    raise InputError(
        f"unknown output format {format!r}",
        expected="one of " + ", ".join(FORMATS),
        nearest=nearest_name(format, FORMATS),
    )
