"""Indicator: events that hold a value of a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from engine.errors import InputError
from engine.hunt import keys
from engine.hunt.indicators.indicator import Indicators
from engine.hunt.indicators.lists import Lists
from engine.hunt.keys import Key, KeyProblem
from engine.hunt.narrow import values_of
from engine.hunt.row import Ask, Finding, Only, Row
from engine.hunt.type import Given, HuntType, Run


@dataclass(frozen=True)
class Indicator(HuntType):
    """Each event that has a listed value in one of the fields."""

    fields: tuple[str, ...]
    lists: Lists

    name: ClassVar[str] = "indicator"
    summary: ClassVar[str] = "events that hold a value of a list: addresses, domains, hashes"
    where: ClassVar[str] = "values listed by the cluster, looked up in-process"
    grouped: ClassVar[bool] = False
    keys: ClassVar[tuple[Key, ...]] = (
        Key("lists", keys.TEXTS, "Files of indicators, from this file's folder on: CSV, or STIX "
            "2.1 (.json, .stix).", required=True),
        Key("fields", keys.FIELDS, "The fields whose values are looked up.", required=True),
        Key("column", keys.TEXT, "The column of a CSV with the values. Default: the first, "
            "without a line of names."),
        Key("subdomains", keys.FLAG, "Whether a listed domain stands for those below it.",
            default=False),
    )  # fmt: skip

    @classmethod
    def of(cls, given: Given) -> Indicator:
        """The type with a hunt's own values. Raises `KeyProblem`."""
        options = given.options
        files = tuple(given.folder / name for name in options["lists"])
        lists = Lists(files, options["column"], subdomains=options["subdomains"])
        try:
            lists.read()
        except InputError as error:
            raise KeyProblem(str(error), error.expected, path=("lists",)) from error
        return cls(options["fields"], lists)

    def findings(self, run: Run) -> Iterator[Finding]:
        """One for each event and indicator."""
        try:
            indicators = self.lists.read(run.report)
        except InputError as error:
            from engine.errors import SourceError

            raise SourceError(f"a list cannot be read: {error}") from error
        seen: set[tuple[str, str]] = set()
        for only in self._asked(run, indicators):
            for row in run.rows(run.span, only):
                for found in self._in(row, indicators):
                    if (found.anchor[0], row.id) not in seen:
                        seen.add((str(found.anchor[0]), row.id))
                        yield found

    def _asked(self, run: Run, indicators: Indicators) -> Iterator[Only | None]:
        """What must be read: for each field the events with the values that are listed."""
        asked: list[Only] = []
        for name in self.fields if run.reader.counts else ():
            buckets = run.reader.buckets(run.span, Ask((name,)))
            if buckets is None:
                yield None
                return
            known = [bucket for bucket in buckets if indicators.knows(bucket.values[0])]
            only = values_of((name,), known)
            if only is None:
                yield None
                return
            asked.append(only)
        if asked:
            yield from asked
        else:
            yield None

    def _in(self, row: Row, indicators: Indicators) -> Iterator[Finding]:
        for name in self.fields:
            for value in row.event.values(name):
                found = indicators.find(value, row.time)
                if found is None:
                    continue
                note = f" ({found.note})" if found.note else ""
                reason = f"{name} is {value}, which {found.source} lists as {found.value}{note}"
                yield Finding(
                    (found.value, row.id), row.time, row.time, reason, (str(value),), (name,),
                    rows=(row,), total=1, detail=(f"{found.source}: {found.value}{note}",),
                )  # fmt: skip


TYPE = Indicator
