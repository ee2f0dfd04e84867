"""Change: a field of a group has another value than before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from engine.entities import cut
from engine.hunt import keys
from engine.hunt.groups import groups, named
from engine.hunt.keys import Key, KeyProblem, written
from engine.hunt.model import width
from engine.hunt.narrow import NOTHING, different
from engine.hunt.row import Finding, Group, Row
from engine.hunt.type import Given, HuntType, Run


@dataclass(frozen=True)
class Change(HuntType):
    """A value that differs from the group's last one."""

    fields: tuple[str, ...]
    field: tuple[str, ...]
    within: timedelta

    name: ClassVar[str] = "change"
    summary: ClassVar[str] = "a field of a group has another value than before"
    where: ClassVar[str] = "narrowed by the cluster, then decided in-process"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("field", keys.FIELDS, "The field, or several looked at together.", required=True),
        Key("within", keys.DURATION, "How long ago the other value was at most.", required=True),
    )

    @classmethod
    def of(cls, given: Given) -> Change:
        """The type with a hunt's own values. Raises `KeyProblem`."""
        if not given.group_by:
            raise KeyProblem("says nothing of whose value changes", "at least one field",
                             path=("group_by",))  # fmt: skip
        if set(given.options["field"]) & set(given.group_by):
            raise KeyProblem("is also in group_by, so that it never changes", "another field",
                             path=("field",))  # fmt: skip
        return cls(given.group_by, given.options["field"], given.options["within"])

    def findings(self, run: Run) -> Iterator[Finding]:
        """One for each event whose values are none of those that the group's last event had."""
        back = width(self.within)
        span = run.span.before(back)
        only = different(run.reader, span, self.fields, self.field, 2)
        if only == NOTHING and only is not None:
            return
        last: dict[Group, tuple[Row, dict[Group, Group]]] = {}
        for row in run.rows(span, only):
            values = dict(groups(row.event, self.field))
            if not values:
                continue
            for key, shown in groups(row.event, self.fields):
                before = last.get(key)
                last[key] = (row, values)
                if before is None or row.time not in run.span:
                    continue
                old, had = before
                if row.time - old.time <= back and not had.keys() & values.keys():
                    yield self._finding(key, shown, old, had, row, values)

    def _finding(
        self,
        key: Group,
        shown: Group,
        old: Row,
        had: dict[Group, Group],
        row: Row,
        values: dict[Group, Group],
    ) -> Finding:
        names, was, now = " and ".join(self.field), _text(had), _text(values)
        reason = (
            f"{names} is {now}{named(self.fields, shown)}, and was {was} within "
            f"{written(self.within)} before"
        )
        return Finding(
            (*key, row.id), row.time, old.time, reason, shown, rows=(old, row), total=2,
            detail=(f"before: {was}", f"now: {now}"),
        )  # fmt: skip


def _text(values: dict[Group, Group]) -> str:
    """Values as words, the first few of them."""
    texts = [cut(", ".join(each), 80) for each in values.values()]
    return " or ".join(texts[:3]) + (" or others" if len(texts) > 3 else "")


TYPE = Change
