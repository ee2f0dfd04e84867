"""The files of a hunt's lists, read again when they have changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import InputError, Problem, Problems, Report
from engine.hunt.indicators import csv_list, stix
from engine.hunt.indicators.indicator import Indicator, Indicators

MAX_BYTES = 1 << 28
"""A list larger than this is refused unread."""


class Lists:
    """Files of indicators: STIX 2.1 bundles (`.json`, `.stix`), and CSV or lines of all others."""

    def __init__(self, files: tuple[Path, ...], column: str | None, *, subdomains: bool) -> None:
        self.files, self._column, self._subdomains = files, column, subdomains
        self._stamp: tuple[tuple[int, int], ...] | None = None
        self._read = Indicators(())
        self._untold = Problems()

    def read(self, report: Report | None = None) -> Indicators:
        """The indicators as the files have them now. Raises `InputError`.

        What is left out of them is told once, in one problem a kind, to the first that has a
        `report`: a hunt is read when it is loaded, where nobody listens, and told of when it runs.
        """
        stamp = tuple(_stamp(file) for file in self.files)
        if stamp != self._stamp:
            self._untold = Problems()
            items = (item for file in self.files for item in self._items(file, self._untold))
            self._read = Indicators(items, subdomains=self._subdomains)
            self._stamp = stamp
        if report is not None:
            self._tell(report)
        return self._read

    def _tell(self, report: Report) -> None:
        """Tell what was left out when the files were read, and forget it."""
        told, self._untold = self._untold, Problems()
        for kind, count in told.counts.items():
            first = next(problem for problem in told if problem.kind == kind)
            more = f"; and {count - 1:,} more" if count > 1 else ""
            report(Problem(kind, first.message + more, first.file))

    def _items(self, file: Path, report: Report) -> Iterator[Indicator]:
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise InputError(error.strerror or "cannot be read", file=str(file)) from error
        if file.suffix in (".json", ".stix"):
            return stix.read(raw, str(file), report)
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise InputError("is not UTF-8 text", file=str(file), line=line) from error
        return csv_list.read(text, str(file), self._column)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=str(file)) from error
    if found.st_size > MAX_BYTES:
        raise InputError("is too long", file=str(file), expected=f"at most {MAX_BYTES:,} bytes")
    return (found.st_mtime_ns, found.st_size)
