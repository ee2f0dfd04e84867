"""Query: every event that a cluster's query finds, or every row of a query language's answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.correlate.finding import Capped
from engine.correlate.value import fold, micros, text_of
from engine.hunt import keys
from engine.hunt.groups import named
from engine.hunt.keys import Key, KeyProblem
from engine.hunt.row import Finding, Table
from engine.hunt.type import Given, HuntType, Run
from engine.json_text import json_text
from engine.moment import parse_time

LANGUAGES = ("lucene", "esql", "ppl")


@dataclass(frozen=True)
class Query(HuntType):
    """All that a query finds."""

    fields: tuple[str, ...]
    language: str
    statement: str | None

    name: ClassVar[str] = "query"
    summary: ClassVar[str] = "every event, or every row, that a query finds"
    where: ClassVar[str] = "by the cluster"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("esql", keys.TEXT, "A query in ES|QL, instead of `query`; its rows become alerts."),
        Key("ppl", keys.TEXT, "A query in PPL, instead of `query`; its rows become alerts."),
    )

    @classmethod
    def of(cls, given: Given) -> Query:
        """The type with a hunt's own values. Raises `KeyProblem`."""
        written = [name for name in LANGUAGES[1:] if given.options[name]]
        ways = len(written) + given.queried
        if ways > 1 or (not ways and not given.filtered):
            raise KeyProblem("asks for exactly one query", "query, esql or ppl",
                             path=("esql" if written else "query",))  # fmt: skip
        if written and given.filtered:
            raise KeyProblem(f"means nothing to rows of {written[0]}", "to be left out",
                             path=("detection",))  # fmt: skip
        if not written:
            return cls(given.group_by, "lucene", None)
        text = given.options[written[0]]
        if written[0] == "ppl" and ("{from}" not in text or "{to}" not in text):
            raise KeyProblem("does not say where the time of a run belongs",
                             "{from} and {to}, each in quotes", path=("ppl",))  # fmt: skip
        return cls(given.group_by, written[0], text)

    def findings(self, run: Run) -> Iterator[Finding]:
        """One for each event, or each row."""
        if self.statement is None:
            yield from self._events(run)
            return
        yield from self._rows(run, run.reader.table(self.language, self.statement, run.window))

    def _events(self, run: Run) -> Iterator[Finding]:
        for row in run.rows(run.span):
            group = tuple(text_of(row.event.first(name) or "") for name in self.fields)
            yield Finding(
                (row.id,), row.time, row.time, f"an event that the query finds"
                f"{named(self.fields, group)}", group, rows=(row,), total=1,
            )  # fmt: skip

    def _rows(self, run: Run, table: Table) -> Iterator[Finding]:
        """Rows are known by an event's id, else by their group in this span, else by all of it."""
        for values in table.rows:
            fields = dict(zip(table.columns, values, strict=True))
            time = next((parse_time(fields[name]) for name in (run.hunt.time_field, "@timestamp")
                         if fields.get(name) is not None), None)  # fmt: skip
            at = micros(time) if time else run.window.end - 1
            group = tuple(text_of(fields.get(name, "")) for name in self.fields)
            shown = ", ".join(f"{key} {text_of(value)}" for key, value in fields.items())
            reason = f"a row that the query finds{named(self.fields, group)}: {shown}"
            yield Finding(self._anchor(run, fields, group), at, at, reason, group, total=1,
                          fields=fields)  # fmt: skip
        if table.limit is not None:
            yield Finding(
                ("capped", run.window.start, run.window.end), run.window.end - 1, run.window.start,
                f"Not all of it was seen: the server gives at most {table.limit:,} rows",
                total=len(table.rows),
                capped=Capped("rows of the answer", table.limit, len(table.rows)),
            )  # fmt: skip

    def _anchor(self, run: Run, fields: dict[str, Any], group: tuple[str, ...]) -> tuple[Any, ...]:
        if fields.get("_id") is not None:
            return (text_of(fields.get("_index", "")), text_of(fields["_id"]))
        span = (run.window.start, run.window.end)
        return (*map(fold, group), *span) if group else (json_text(fields, sort=True), *span)


TYPE = Query
