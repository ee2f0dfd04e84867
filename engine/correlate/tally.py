"""What happens too often to be told one by one is told the 1st, the 10th, the 100th time, …."""

from __future__ import annotations

from collections import Counter

from engine.errors import Problem, Report


class Tally:
    """Counts by kind, text and file; every problem says how many there were until then."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._counts: Counter[tuple[str, str, str | None]] = Counter()
        self._told: dict[tuple[str, str, str | None], int] = {}

    def note(self, kind: str, text: str, file: str | None = None) -> None:
        """Count one; `text` says what, such as "events have no time"."""
        key = (kind, text, file)
        self._counts[key] += 1
        if self._counts[key] == 10 ** (len(str(self._counts[key])) - 1):
            self._tell(key)

    def finish(self) -> None:
        """Tell the counts that have grown since they were told."""
        for key, count in self._counts.items():
            if self._told.get(key) != count:
                self._tell(key)

    def _tell(self, key: tuple[str, str, str | None]) -> None:
        kind, text, file = key
        count = self._told[key] = self._counts[key]
        self._report(Problem(kind, f"{text} ({count:,} so far)", file))
