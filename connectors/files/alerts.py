"""Alerts in files, as `vedette hunt --output ndjson` writes them, to be read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from connectors.files.source import FileSource
from engine.errors import Problem, Report
from engine.moment import parse_time
from engine.ports import Document


class FileAlerts:
    """The `Alerts` of files and of standard input (`-`), in the order in which they stand there.

    What is no alert is a problem `not-an-alert`. Standard input can be read once.
    """

    def __init__(self, paths: Sequence[Path | Literal["-"]], report: Report) -> None:
        self.paths, self.report = paths, report

    def find(self, id: str, most: int = 2) -> list[Document]:
        """The alerts whose id begins so."""
        found = (each for each in self._alerts() if str(own(each).get("id")).startswith(id))
        return list(islice(found, most))

    def written(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Document]:
        """Those written from one time to another; one without a time is always among them."""
        for each in self._alerts():
            time = parse_time(each.get("@timestamp"))
            early = time is not None and since is not None and time < since
            late = time is not None and until is not None and time >= until
            if not early and not late:
                yield each

    def _alerts(self) -> Iterator[Document]:
        source = FileSource(self.paths, self.report)
        try:
            for batch in source.poll():
                for record in batch.records:
                    if own(record.document):
                        yield record.document
                    else:
                        text = "is no alert: it has no vedette.alert"
                        self.report(Problem("not-an-alert", text, record.origin, record.line))
        finally:
            source.close()

    def close(self) -> None:
        """Nothing stays open."""


def own(document: Document) -> Mapping[str, Any]:
    """What a document has under `vedette.alert`; empty where it is no alert."""
    inner = document.get("vedette")
    found = inner.get("alert") if isinstance(inner, Mapping) else None
    return found if isinstance(found, Mapping) else {}
