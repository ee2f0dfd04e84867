"""Flatline: a group that had events, and has none or too few now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from engine.hunt import keys
from engine.hunt.groups import named
from engine.hunt.keys import Key, KeyProblem, written
from engine.hunt.model import Span, width
from engine.hunt.row import Finding, Group
from engine.hunt.series import Series, ended, series
from engine.hunt.type import Given, HuntType, Run


@dataclass(frozen=True)
class Flatline(HuntType):
    """A bucket of time with fewer events than there must be, after one that had enough."""

    fields: tuple[str, ...]
    within: timedelta
    at_least: int
    expected: tuple[str, ...]

    name: ClassVar[str] = "flatline"
    summary: ClassVar[str] = "no events any more, or too few, of a group that had them"
    where: ClassVar[str] = "counted by the cluster, then decided in-process"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("within", keys.DURATION, "The time that must have events.", required=True),
        Key("at_least", keys.whole(1, 1_000_000_000), "Events that are enough.", default=1),
        Key("expected", keys.TEXTS, "Values of the one group_by field that must have events, "
            "also those that never had any.", default=()),
    )  # fmt: skip

    @classmethod
    def of(cls, given: Given) -> Flatline:
        """The type with a hunt's own values. Raises `KeyProblem`."""
        options = given.options
        if options["expected"] and len(given.group_by) != 1:
            raise KeyProblem("are values of one field", "one group_by field", path=("expected",))
        return cls(given.group_by, options["within"], options["at_least"], options["expected"])

    def findings(self, run: Run) -> Iterator[Finding]:
        """One for each silence that is a whole bucket long and ends in the span."""
        size = width(self.within)
        starts = ended(run.span, size)
        if not starts:
            return
        read = Span(max(0, starts[0] - size), starts[-1] + size)
        found = series(run, self.fields, size, read)
        for value in self.expected:
            found.setdefault((value.casefold(),), Series((value,)))
        if not self.fields and not self.expected:
            found.setdefault((), Series(()))
        for key, known in found.items():
            for start in starts:
                enough = known.counts[start] >= self.at_least
                if not enough and self._had(key, known, start - size, starts):
                    yield self._finding(key, known, start)

    def _had(self, key: Group, known: Series, before: int, starts: range) -> bool:
        """Whether the bucket before had enough; what must always come is told each day anew."""
        if known.counts[before] >= self.at_least:
            return True
        day, size = 86_400_000_000, starts.step
        expected = any(key == (value.casefold(),) for value in self.expected)
        return expected and before // day < (before + size) // day

    def _finding(self, key: Group, known: Series, start: int) -> Finding:
        size, count = width(self.within), known.counts[start]
        before = known.counts[start - size]
        reason = (
            f"{count:,} events{named(self.fields, known.group)} in {written(self.within)}, "
            f"after {before:,} in the {written(self.within)} before"
        )
        return Finding(
            (*key, start), start + size - 1, start, reason, known.group, value=count, total=count,
            detail=(f"{count:,} events, wanted: at least {self.at_least:,}",),
        )  # fmt: skip


TYPE = Flatline
