"""Spike: many more events, or many fewer, than in the time before."""

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
from engine.hunt.words import number


@dataclass(frozen=True)
class Spike(HuntType):
    """A bucket of time that has many times the mean of those before it."""

    fields: tuple[str, ...]
    within: timedelta
    reference: timedelta
    factor: float
    direction: str
    at_least: int

    name: ClassVar[str] = "spike"
    summary: ClassVar[str] = "many more events, or many fewer, than in the time before"
    where: ClassVar[str] = "counted by the cluster, then decided in-process"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("within", keys.DURATION, "The width of a bucket of time.", required=True),
        Key("reference", keys.DURATION, "The time before it that it is compared with, a multiple "
            "of `within`.", required=True),
        Key("factor", keys.real(1.01, 1_000_000), "How many times the mean of the reference.",
            required=True),
        Key("direction", keys.one_of("up", "down", "both"), "More, fewer, or either.",
            default="up"),
        Key("at_least", keys.whole(1, 1_000_000_000), "Events that the bucket (down: the "
            "reference's mean) has at least.", default=10),
    )  # fmt: skip

    @classmethod
    def of(cls, given: Given) -> Spike:
        """The type with a hunt's own values. Raises `KeyProblem`."""
        options = given.options
        within, reference = options["within"], options["reference"]
        if reference % within or reference < 2 * within or reference > 2000 * within:
            raise KeyProblem(f"{written(reference)} is no reference for {written(within)}",
                             "2 to 2,000 times within", path=("reference",))  # fmt: skip
        return cls(
            given.group_by, within, reference, options["factor"], options["direction"],
            options["at_least"],
        )  # fmt: skip

    def findings(self, run: Run) -> Iterator[Finding]:
        """One for each bucket that ends in the span and stands out."""
        size, back = width(self.within), width(self.reference)
        starts = ended(run.span, size)
        if not starts:
            return
        read = Span(max(0, starts[0] - back - size), starts[-1] + size)
        for key, known in series(run, self.fields, size, read).items():
            for start in starts:
                # one that goes on is told when it begins: the bucket before did not stand out
                way = self._stands_out(known, start)
                if way and self._stands_out(known, start - size) != way:
                    yield self._finding(key, known, start, way)

    def _mean(self, known: Series, start: int) -> float:
        size, back = width(self.within), width(self.reference)
        return sum(known.counts[at] for at in range(start - back, start, size)) * size / back

    def _stands_out(self, known: Series, start: int) -> str | None:
        count, mean = known.counts[start], self._mean(known, start)
        if mean == 0:  # nothing to compare with: a new group is no spike
            return None
        if self.direction != "down" and count >= max(self.at_least, self.factor * mean):
            return "up"
        if self.direction != "up" and mean >= self.at_least and count * self.factor <= mean:
            return "down"
        return None

    def _finding(self, key: Group, known: Series, start: int, way: str) -> Finding:
        size, count, mean = width(self.within), known.counts[start], self._mean(known, start)
        share = count / mean
        reason = (
            f"{count:,} events{named(self.fields, known.group)} in {written(self.within)}, "
            f"where the {written(self.reference)} before had {number(mean)} on average"
        )
        return Finding(
            (way, *key, start), start + size - 1, start, reason, known.group, value=share,
            total=count,
            detail=(f"{share:,.2f} times the mean, wanted: {self._wanted(way)}",),
        )  # fmt: skip

    def _wanted(self, way: str) -> str:
        if way == "up":
            return f"at least {self.factor:g}"
        return f"at most {1 / self.factor:.4g}"


TYPE = Spike
