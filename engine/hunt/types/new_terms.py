"""New terms: values, or combinations of them, that the history does not have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from engine.correlate.finding import Capped
from engine.hunt import keys
from engine.hunt.groups import folded, groups, named
from engine.hunt.keys import Key, written
from engine.hunt.model import Span, width
from engine.hunt.narrow import values_of
from engine.hunt.row import Ask, Bucket, Finding, Only
from engine.hunt.terms import Terms
from engine.hunt.type import Given, HuntType, Run


@dataclass(frozen=True)
class NewTerms(HuntType):
    """The first event of each term that was not seen within the history."""

    field: tuple[str, ...]
    history: timedelta

    name: ClassVar[str] = "new_terms"
    summary: ClassVar[str] = "values, or combinations of values, that were not there before"
    where: ClassVar[str] = "listed by the cluster, compared in-process with what is remembered"
    grouped: ClassVar[bool] = False
    needs_before: ClassVar[bool] = True
    keys: ClassVar[tuple[Key, ...]] = (
        Key("field", keys.FIELDS, "The field, or several whose combination counts.",
            required=True),
        Key("history", keys.DURATION, "How far back a term is remembered.", required=True),
    )  # fmt: skip

    @classmethod
    def of(cls, given: Given) -> NewTerms:
        """The type with a hunt's own values."""
        return cls(given.options["field"], given.options["history"])

    def findings(self, run: Run) -> Iterator[Finding]:
        """One for each term that is new, with its first event; all terms are remembered."""
        history = width(self.history)
        terms = Terms.restored(run.memory.get("terms"))
        until = run.memory.get("until")
        since = max(0, run.span.start - history)
        learnt = since if until is None else max(since, min(int(until), run.span.start))
        if learnt < run.span.start:
            self._learn(run, terms, Span(learnt, run.span.start))
        terms.forget_before(since)
        yield from self._new(run, terms)
        if terms.lost:
            yield Finding(
                ("capped", run.span.start, run.span.end), run.span.end - 1, run.span.start,
                f"Not all of it is remembered: of {terms.lost + len(terms):,} terms the "
                f"{len(terms):,} seen last; others will seem new",
                total=len(terms) + terms.lost,
                capped=Capped("terms remembered", len(terms), len(terms) + terms.lost),
            )  # fmt: skip
        run.memory["terms"] = terms.save()
        run.memory["until"] = max(run.span.end, int(until or 0))

    def _learn(self, run: Run, terms: Terms, span: Span) -> None:
        """Take in all terms of a span: what was before."""
        counted = self._counted(run, span)
        for bucket in counted or ():
            terms.see(folded(bucket.values), bucket.last or span.end - 1)
        # where there are counts, only the events that a store cannot count
        for row in run.rows(span, None if counted is None else dict.fromkeys(self.field, ())):
            for key, _ in groups(row.event, self.field):
                terms.see(key, row.time)

    def _new(self, run: Run, terms: Terms) -> Iterator[Finding]:
        counted = self._counted(run, run.span)
        only: Only | None = None
        if counted is not None:
            fresh = [bucket for bucket in counted if folded(bucket.values) not in terms]
            only = values_of(self.field, fresh)
        for row in run.rows(run.span, only):
            for key, shown in groups(row.event, self.field):
                if key not in terms:
                    reason = f"new within {written(self.history)}{named(self.field, shown)}"
                    yield Finding(
                        (*key, row.id), row.time, row.time, reason, shown, self.field,
                        rows=(row,), total=1,
                    )  # fmt: skip
                terms.see(key, row.time)
        for bucket in counted or ():
            key = folded(bucket.values)
            if key in terms:  # one that was not found among the events is looked for again
                terms.see(key, bucket.last or run.span.end - 1)

    def _counted(self, run: Run, span: Span) -> list[Bucket] | None:
        """The terms of a span, where the reader's counts are of what the hunt counts."""
        if run.hunt.filter is not None or not run.reader.counts:
            return None
        found = run.reader.buckets(span, Ask(self.field, last=True))
        return None if found is None else list(found)


TYPE = NewTerms
