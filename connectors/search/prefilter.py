"""Documents that no rule can match are not read: those without a value that any rule needs.

In the point in time that a window is read in, one search asks which values its documents have in
the fields that rules look at. What the rules need is asked of these values, each once, and a filter
is made of those that pass. It lets through whatever a rule can match, and may let through more; it
holds for that point in time alone. Where it cannot be made, or would spare little, all is read.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.search.clauses import NEVER, Clause, Like, Some, any_of, query, size, some_of
from connectors.search.client import part
from connectors.search.decidable import Catalogue, Column
from connectors.search.paging import Begun, Window, begin
from connectors.search.port import RequestError
from connectors.search.sieve import Asking, Judge, Plan, has_words
from connectors.search.values import Extent, Values, distinct, extent, identified, once
from connectors.search.view import View
from engine.errors import SourceError
from engine.needs.need import Need

log = logging.getLogger("vedette.run")

PLAIN = 20_000
"""Documents of a window up to which it is read whole: to ask costs about as much."""
LATE = 500
"""The same where events may be known already: of those that were left out none is."""
MOST = 5000
"""Values of one field that are looked at, those that are in most documents."""
WORDS = 1000
"""As many of the fields in which words alone are looked for."""
CLAUSES = 900
"""Conditions of a query: servers take about a thousand."""
SPARED = 2
"""A filter is used where no more than one in so many documents passes it."""
IDS = 1000
"""Documents that are named by their ids in a filter."""
LONGEST = 3000
"""Characters of a request's line that names indices."""
SHOWN = 5

Spans = Sequence[tuple[int | None, int]]
"""Stretches of time, from (None: the beginning) and to, both included, epoch ms."""


@dataclass(eq=False)
class Spared:
    """What a prefilter came to, over all windows so far."""

    documents: int = 0
    """Documents of all windows."""
    passed: int = 0
    """As many of them as were to be read."""
    filtered: int = 0
    """Windows that were read with a filter."""
    unfiltered: Counter[str] = field(default_factory=Counter)
    """Windows that were read whole, by why."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """A window with its filter, if there is one, and what is known of its documents without."""

    window: Window
    there: Extent | None


class Whole(Exception):  # noqa: N818 # no error: all is read
    """A window is read whole: `why` in a word, and what there is to say."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


class Prefilter:
    """Makes filters for the windows of one source. `asking` gives what the rules need now."""

    def __init__(self, source: str, asking: Callable[[], Asking]) -> None:
        self.source, self.asking = source, asking
        self.spared = Spared()
        self._told: set[tuple[str, str]] = set()
        self._catalogue: tuple[Any, Catalogue] | None = None
        self._plan: Plan | None = None

    def sift(self, view: View, window: Window, spans: Spans, *, again: bool = False) -> Sifted:
        """A window of a view with a filter, of which only some spans will be read, maybe `again`.

        Raises nothing of its own: what goes wrong is told once, and all is read.
        """
        asking = self.asking()
        window = replace(window, asking=asking)
        there: Extent | None = None
        begun: Begun | None = None
        total = 0
        try:
            asked = _spanning(window, spans)
            there = extent(view, asked)
            total = there.total if there else 0
            if there is None or total <= (LATE if again else PLAIN):
                raise Whole("few", "")
            sieve = self._query(view, asked, there.indices, asking, total)
            asked = replace(asked, sieve=sieve)
            if again or len(window.paces) > 1:
                found = extent(view, asked)
                passed = found.total if found else 0
            else:  # the first page says it as well
                begun = begin(view.client, asked, view.pit, once(view), there.first or 0)
                passed = sum(each.hits for each in begun.spans)
            if passed * SPARED > total:
                raise Whole("spares-little", f"{passed} of {total} documents pass the filter")
        except Whole as whole:
            self._tell(whole.why, str(whole), total)
            return Sifted(window, there)
        except (RequestError, SourceError) as error:
            self._tell("refused", str(error), total)
            return Sifted(window, there)
        self.spared.documents += total
        self.spared.passed += passed
        self.spared.filtered += 1
        log.debug("source %s: %d of %d documents pass the filter", self.source, passed, total)
        return Sifted(replace(window, sieve=sieve, begun=begun), there)

    def _query(
        self, view: View, window: Window, indices: Sequence[str] | None, asking: Asking, total: int
    ) -> dict[str, Any]:
        plan = self._planned(view, indices, asking)
        values = distinct(view, window, plan.wanted, MOST)
        found, left = _judged(Judge(plan, values, total), asking.needs)
        undecided = {rule: need for rule, need in left.items() if not has_words(need)}
        if left and not undecided:
            judge = Judge(plan, self._all(view, window, plan, values), total, words=True)
            more, undecided = _judged(judge, left)
            found += more
        if undecided:
            titles = [asking.titles.get(rule, rule) for rule in undecided]
            raise Whole("undecided", f"any document may match {_named(titles)}")
        whole = some_of(found)
        if size(whole) > CLAUSES:
            raise Whole("too-long", f"{size(whole)} conditions are more than servers take")
        parts = whole.parts if isinstance(whole, Some) else (whole,)
        likes = [part for part in parts if isinstance(part, Like)]
        should = [query(part) for part in parts if not isinstance(part, Like)]
        should.append(plan.catalogue.ignored())
        if likes:  # to go through all values takes long, and a window may be read in many pages
            ids = identified(view, window, any_of(map(query, likes)), IDS)
            should += map(query, likes) if ids is None else [{"ids": {"values": ids}}]
        return any_of(should)

    def _all(
        self, view: View, window: Window, plan: Plan, values: Mapping[Column, Values]
    ) -> dict[Column, Values]:
        """The values of all columns."""
        others = [each for each in plan.catalogue.columns.values() if each not in values]
        return {**values, **distinct(view, window, others, WORDS)}

    def _planned(self, view: View, indices: Sequence[str] | None, asking: Asking) -> Plan:
        if indices is None:
            raise Whole("too-many", "the documents lie in too many indices")
        names = ",".join(indices)
        if len(names) > LONGEST:
            names = view.base.index
        path = f"/{part(names)}"
        params = {"filter_path": FILTERED}
        answer = view.client.send("GET", path, None, params) or {}
        if missing := set(indices) - answer.keys():
            raise Whole("unknown-mapping", f"the mapping of {min(missing)} is not known")
        if self._catalogue is None or self._catalogue[0] != answer:
            marks = view.client.kind == "elasticsearch"
            self._catalogue = answer, Catalogue.of(answer, marks=marks)
            self._plan = None
        if self._plan is None or self._plan.asking is not asking:
            self._plan = Plan(asking, self._catalogue[1])
        return self._plan

    def _tell(self, why: str, text: str, total: int) -> None:
        """Say once of each reason that all is read."""
        self.spared.documents += total
        self.spared.passed += total
        self.spared.unfiltered[why] += 1
        if text and (why, text) not in self._told:
            if len(self._told) > 100:
                self._told.clear()
            self._told.add((why, text))
            log.info("source %s: all documents are read, without a prefilter: %s",
                     self.source, text)  # fmt: skip


FILTERED = "*.mappings,*.settings.index.analysis,*.settings.index.version,*.settings.index.mapping"


def _judged(judge: Judge, needs: Mapping[str, Need]) -> tuple[list[Clause], dict[str, Need]]:
    """The conditions that some needs come to, without those never met, and needs with none."""
    clauses = {rule: judge.of(need) for rule, need in needs.items()}
    found = [clause for clause in clauses.values() if clause is not None and clause != NEVER]
    return found, {rule: needs[rule] for rule, clause in clauses.items() if clause is None}


def _spanning(window: Window, spans: Spans) -> Window:
    """A window from the first to the last of some spans, of which it has nothing between."""
    lowers = [lower for lower, _ in spans]
    lower = None if None in lowers else min(each for each in lowers if each is not None)
    upper = max(end for _, end in spans)
    if len(spans) == 1:
        return replace(window, lower=lower, upper=upper)
    ranges = [
        {"range": {window.cursor: {**({} if low is None else {"gte": low}), "lte": end,
                                   "format": "epoch_millis"}}}
        for low, end in spans
    ]  # fmt: skip
    within = any_of(ranges)
    clauses = [within, dict(window.query)] if window.query else [within]
    return replace(window, lower=lower, upper=upper, query={"bool": {"filter": clauses}})


def _named(titles: Sequence[str]) -> str:
    """The first of some titles, and how many more there are."""
    more = len(titles) - SHOWN
    text = ", ".join(map(repr, sorted(titles)[:SHOWN]))
    return f"{text} and {more} more" if more > 0 else text
