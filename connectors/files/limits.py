"""How much of one file is believed: caps on lines, nesting and decompression."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.files.stamp import Find
from engine.errors import Problem, Report
from engine.ports import Look

BLOCK = 1 << 17
"""Bytes read from disk, and handed from one stage of reading to the next, at a time.

The events parsed from one block fit in a processor's cache, which larger blocks do not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on hostile input; whatever goes over one is reported and left out.

    `line`: bytes of one line or one JSON value. `depth`: levels of nesting of one event.
    `ratio`: bytes decompressed for each compressed one, looked at once `ratio_after` bytes came
    out. `total`: bytes decompressed from one file (None: as many as there are). `batch`: records
    in one batch.
    """

    line: int = 16 << 20
    depth: int = 64
    ratio: int = 1000
    ratio_after: int = 64 << 20
    total: int | None = None
    batch: int = 500


@dataclass(frozen=True, slots=True)
class Context:
    """The file being read, as its records and problems name it.

    `look` is asked of each line of JSON before it is parsed. `written` is when the file was last
    written to, which tells the year of times without one; None for the present. With `text`, a
    line of no known form is an event too: its time, where it has one, and the rest as its
    `message`. `times` tells that time in place of the forms that are known.
    """

    origin: str
    report: Report
    limits: Limits
    look: Look | None = None
    written: datetime | None = None
    text: bool = False
    times: Find | None = None

    def tell(self, kind: str, message: str, line: int | None = None) -> None:
        """Report a problem of this file."""
        self.report(Problem(kind, message, file=self.origin, line=line))
