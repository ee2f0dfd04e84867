"""Cardinality: so many different values of a field within a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from engine.correlate.measure import Distinct
from engine.hunt import keys
from engine.hunt.groups import groups
from engine.hunt.keys import Key, KeyProblem, written
from engine.hunt.model import width
from engine.hunt.narrow import different
from engine.hunt.row import Finding, Group, Row
from engine.hunt.sliding import Sliding
from engine.hunt.type import Given, HuntType, Run
from engine.hunt.windows import found_in


@dataclass(frozen=True)
class Cardinality(HuntType):
    """At least so many different values within a time."""

    fields: tuple[str, ...]
    field: tuple[str, ...]
    at_least: int
    within: timedelta

    name: ClassVar[str] = "cardinality"
    summary: ClassVar[str] = "so many different values of a field within a time"
    where: ClassVar[str] = "counted by the cluster, then decided in-process"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("field", keys.FIELDS, "The field, or several counted together.", required=True),
        Key("at_least", keys.whole(2, 100_000), "Different values that are enough.", required=True),
        Key("within", keys.DURATION, "The time in which they come.", required=True),
    )

    @classmethod
    def of(cls, given: Given) -> Cardinality:
        """The type with a hunt's own values. Raises `KeyProblem`."""
        options = given.options
        if set(options["field"]) & set(given.group_by):
            raise KeyProblem("is also in group_by, so that it has one value", "another field",
                             path=("field",))  # fmt: skip
        return cls(given.group_by, options["field"], options["at_least"], options["within"])

    def findings(self, run: Run) -> Iterator[Finding]:
        """The first window of each episode."""
        sliding = Sliding(
            self.fields, width(self.within), Distinct,
            lambda value, _: value is not None and value >= self.at_least,
            values=self._values,
        )  # fmt: skip
        names = " and ".join(self.field)
        whole = run.span.before(sliding.context)
        only = different(run.reader, whole, self.fields, self.field, self.at_least)
        for found in found_in(sliding, run, only):
            value = int(found.window.value or 0)
            reason = f"{value:,} different values of {names}{{group}} within {written(self.within)}"
            detail = (f"{value:,} different values, wanted: at least {self.at_least:,}",)
            yield found.finding(self.fields, reason, detail)

    def _values(self, row: Row) -> tuple[Group, ...] | None:
        return tuple(key for key, _ in groups(row.event, self.field)) or None


TYPE = Cardinality
