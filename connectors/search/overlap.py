"""The overlap looked at again: counts first, ids where those differ, documents that are new.

To read the overlap whole with every poll would cost as much as its events, however few are new.
The cluster is asked for the `Tally` of each bin instead. Where that is what it was, nothing has
come; else the bin's ids are read, and of those that are not known the documents. When it cannot be
told which of a bin's events are new, all of them are evaluated once more, which adds no alert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from connectors.search.pace import Pace
from connectors.search.paging import Hit, Window, search
from connectors.search.port import RequestError
from connectors.search.position import Position
from connectors.search.seen import NOTHING, Seen, Tally
from connectors.search.sketch import Sketch
from connectors.search.view import Found, Told, View, hit_time

PLAIN = 1000
"""Events in the overlap up to which it is read whole: that is one search."""
KEPT = 20_000
"""Hits without documents of one bin that are held in memory."""
REFUSED = (400, 403)
"""What a cluster answers to a question that it will never take."""
HOUR = 3_600_000
AGAIN = "more came late at a time than can be told apart: all events of that time were, once more"


def crowded(seen: Seen) -> bool:
    """Whether the overlap has too many events to be read whole."""
    return len(seen) > PLAIN or seen.condensed


def tally(view: View, window: Window, bin_ms: int) -> dict[int, Tally] | None:
    """What the cluster says of each bin of a window; None when it refuses to.

    One search, which reads no document. Raises as `paging.pages` does.
    """
    by_time = {"field": window.cursor, "fixed_interval": f"{bin_ms}ms", "min_doc_count": 1}
    body = {
        # all are counted, also those that need not be read: one that came changes the tally
        "query": window.whole().clauses(),
        # OpenSearch, asked for no hit or no total, says that it has ended early
        "track_total_hits": True,
        "sort": window.sort(),
        "_source": False,
        "aggs": {
            "times": {"date_histogram": by_time, "aggs": {"sum": {"sum": {"field": "_seq_no"}}}}
        },
    }
    try:
        answer, _ = search(view.client, body, view.pit, Pace(1), window.keep_alive, view.retry)
    except RequestError as error:
        if error.status not in REFUSED:
            raise
        return None
    found = answer.get("aggregations", {}).get("times", {}).get("buckets", ())
    return {int(one["key"]) // bin_ms: _tally(one) for one in found}


def _tally(bucket: Mapping[str, Any]) -> Tally:
    return Tally(int(bucket["doc_count"]), int(bucket["sum"]["value"] or 0))


def settle(view: View, seen: Seen, lower: int, upper: int) -> None:
    """Take what the cluster says of a window (epoch ms, both ends included) that was read whole."""
    if upper < lower:
        return
    for bin, found in (tally(view, view.within(lower, upper), seen.bin_ms) or {}).items():
        seen.settle(bin, found)


Sift = Callable[[View, Sequence[tuple[int, int]]], View]
"""A view in which some spans of time (epoch ms, both included) are read through a sieve."""


def all_of_it(view: View, _spans: Sequence[tuple[int, int]]) -> View:
    """No sieve."""
    return view


def newcomers(
    view: View, position: Position, lower: int, sift: Sift = all_of_it
) -> Iterator[Found]:
    """The events from `lower` up to the mark that are not known yet, bin by bin.

    What is to be read is read through the sieve that `sift` gives. Raises as `paging.pages` does.
    """
    mark = position.mark
    assert mark is not None
    if mark < lower:
        return
    look = _Look(view, position.seen, lower, mark)
    found = tally(view, view.within(lower, mark), position.seen.bin_ms)
    bins = None if found is None else position.seen.unsettled(found)
    spans = [(lower, mark)] if bins is None else list(look.runs(bins))
    if spans:
        look.view = view = sift(view, spans)
    for start, end in spans:
        for bin, hits in groupby(view.bare(view.within(start, end)), look.bin_of):
            yield from look.at(bin, hits)
            if len(look.new) >= view.base.page_size:
                yield from look.taken(found)
    look.done += bins or ()
    yield from look.taken(found)


@dataclass(slots=True)
class _Look:
    """One bin after another, up to a mark."""

    view: View
    seen: Seen
    lower: int
    mark: int
    new: list[Hit] = field(default_factory=list)
    """Hits without documents that are not known."""
    done: list[int] = field(default_factory=list)
    """Bins that have been looked at since documents were last asked for."""

    def bin_of(self, hit: Hit) -> int:
        return self.seen.bin(hit_time(hit))

    def window(self, first: int, last: int) -> tuple[int, int]:
        """From when to when (both included) bins are looked at."""
        width = self.seen.bin_ms
        return max(self.lower, first * width), min(self.mark, (last + 1) * width - 1)

    def runs(self, bins: Sequence[int]) -> Iterator[tuple[int, int]]:
        """The windows of bins, those of neighbours as one."""
        for _, run in groupby(enumerate(bins), lambda pair: pair[1] - pair[0]):
            some = [bin for _, bin in run]
            yield self.window(some[0], some[-1])

    def at(self, bin: int, hits: Iterator[Hit]) -> Iterator[Found]:
        """The hits of a bin, of which those that are new are kept in mind."""
        held: list[Hit] = []
        count = 0

        def keys() -> Iterator[str]:
            nonlocal count
            for hit in hits:
                count += 1
                if count <= KEPT:
                    held.append(hit)
                yield self.view.key(hit)

        late = self.seen.known(bin).added(keys())
        if late is None:
            yield from self.whole(bin)
            return
        if late and count > KEPT:
            held = list(self.held(bin, late))
        self.new += [hit for hit in held if self.view.key(hit) in late] if late else ()
        self.done.append(bin)

    def held(self, bin: int, late: set[str]) -> Iterator[Hit]:
        """Those of a crowded bin, read once more."""
        for hit in self.view.bare(self.view.within(*self.window(bin, bin))):
            if self.view.key(hit) in late:
                yield hit

    def taken(self, found: Mapping[int, Tally] | None) -> Iterator[Found]:
        """The documents of what is new; then the bins looked at are settled."""
        new, settled = self.new, {}
        if found is not None:
            settled = {bin: found.get(bin, NOTHING) for bin in self.done}
        self.new, self.done = [], []
        left = len(new)
        for hits in self.view.fetch(new):
            left -= len(hits)
            yield Found(hits, keep=partial(self.keep, hits, {} if left else settled))
        if not new:
            self.keep((), settled)

    def keep(self, hits: Sequence[Hit], settled: Mapping[int, Tally]) -> None:
        for hit in hits:
            self.seen.add(self.view.key(hit), hit_time(hit))
        for bin, found in settled.items():
            self.seen.settle(bin, found)

    def whole(self, bin: int) -> Iterator[Found]:
        """All events of a bin, when nobody can say which of them are new."""
        events = Sketch()
        window = self.view.within(*self.window(bin, bin))
        for hits in self.view.pages(window):
            for hit in hits:
                events.add(self.view.key(hit))
            yield Found(hits)
        hour = window.upper // HOUR * HOUR
        # one note for an hour: it may be so with every poll
        told = Told("evaluated-again", hour, hour + HOUR, None, AGAIN)
        yield Found((), [told], lambda: self.seen.replace(bin, events))
        self.done.append(bin)
