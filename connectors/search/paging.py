"""Read a time window of an index pattern page by page, or not at all."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, takewhile
from threading import Event
from typing import Any

from connectors.search import stretches
from connectors.search.gathering import PLACE, Arrived, fits, gathered, handed_on, ignored
from connectors.search.names import OWN_PREFIXES
from connectors.search.pace import Pace, weigh
from connectors.search.port import RequestError, SearchClient
from connectors.search.retry import Patience, Retry
from connectors.search.slices import AHEAD, Page, begun, in_order, unless
from connectors.search.slices import Hit as Hit
from connectors.search.stretches import Count, Stretch, Stretches, halved, side_by_side
from engine.errors import SourceError

log = logging.getLogger(__name__)

TOO_MUCH = (413, 429)
TOGETHER = 4
"""How many times as much as a page is handed on at a time of what was gathered: each part costs the
store some requests, and all of it has come anyway."""
FRACTION = 10
"""A rest of one in so many parts of a page comes with the page before."""
MOST = 10_000
"""Hits of a page that every server gives."""
SPANS = 200
"""Spans of time that a window is counted in before it is read."""
COUNTED = 100_000
"""Hits of a window up to which they are counted, so that it is known when some are gone."""


@dataclass(frozen=True, slots=True)
class Window:
    """A time window (epoch ms, both ends included; `lower` None for no bound) of a pattern.

    `query` is one more clause that hits must meet; Vedette's own indices never count.
    `tiebreak` names the fields that order events of one time without a tie.
    """

    index: str
    cursor: str
    lower: int | None
    upper: int
    tiebreak: Sequence[str]
    query: Mapping[str, Any] | None = None
    page_size: int = 1000
    keep_alive: str = "5m"
    sources: bool = True
    """Whether hits carry their documents, or their ids alone."""
    fields: Sequence[str] | None = None
    """Patterns of the paths that documents are wanted with; None for all of them."""
    paces: Sequence[Pace] = ()
    """What is known of how much the cluster gives at a time, for each slice in which the window is
    read side by side; none to find out from the start, in one."""
    pool: Callable[[int], Executor] = ThreadPoolExecutor
    """Makes what reads pages meanwhile, so many at a time."""
    excluded: Sequence[str] = field(default=OWN_PREFIXES)
    sieve: Mapping[str, Any] | None = None
    """What events must meet for any rule to match them; None to read all."""
    asking: object = None
    """What the sieve was made of; with anything else another is needed."""
    begun: Begun | None = None
    """What was read of it already."""
    as_stored: bool = False
    """Whether hits are wanted in the order in which they lie, their time last among what they are
    asked to be sorted by."""

    def whole(self) -> Window:
        """The window without its sieve."""
        return self if self.sieve is None else replace(self, sieve=None, begun=None)

    def clauses(self) -> dict[str, Any]:
        """The query that finds the window's events."""
        limits: dict[str, Any] = {"lte": self.upper, "format": "epoch_millis"}
        if self.lower is not None:
            limits["gte"] = self.lower
        found = filtered(self.query, self.excluded)
        if self.sieve is not None:
            found["bool"]["filter"].append(self.sieve)
        found["bool"]["filter"].append({"range": {self.cursor: limits}})
        return found

    def documents(self) -> dict[str, Any]:
        """What is wanted of documents, as part of a search."""
        if not self.sources:
            return {"_source": False}
        return {} if self.fields is None else {"_source": {"includes": list(self.fields)}}

    def sort(self) -> list[Any]:
        """Oldest first. One numeric type, as an index may hold the time in nanoseconds."""
        order = {"order": "asc", "unmapped_type": "date", "numeric_type": "date"}
        time, others = {self.cursor: order}, map(_in_order, self.tiebreak)
        return [*others, time] if self.as_stored else [time, *others]


class Begun:
    """The first page of a window, if it was read, which can be taken once; how many hits there are
    in all, and where they lie."""

    def __init__(self, page: Page | None, spans: Sequence[Stretch], total: int) -> None:
        self._page = page
        self.spans, self.total = spans, total

    @property
    def unread(self) -> bool:
        """Whether all hits are still to be read."""
        return self._page is None

    def take(self) -> Page | None:
        """The page; not kept any longer."""
        page, self._page = self._page, None
        return page


def _in_order(name: str) -> dict[str, Any]:
    """The order of a field that breaks ties; an index without any mapping has not even its name."""
    if name == "_shard_doc":  # takes no more
        return {name: "asc"}
    return {name: {"order": "asc", "unmapped_type": "keyword"}}


def filtered(query: Mapping[str, Any] | None, excluded: Sequence[str]) -> dict[str, Any]:
    """A bool query of a user's clause, without the indices that begin with `excluded`."""
    own = [{"prefix": {"_index": prefix}} for prefix in excluded]
    return {"bool": {"filter": [dict(query)] if query else [], "must_not": own}}


@dataclass(slots=True)
class Reading:
    """How far the pages of a window were read, of how many hits (`COUNTED` or more are that).

    `last` is the time (epoch ms) of the last hit that came, `at_last` how many came of that time.
    """

    total: int = 0
    read: int = 0
    last: int = 0
    at_last: int = 0

    def begin(self, lower: int, total: int) -> None:
        """So many hits are to be read, from a time (epoch ms) on."""
        self.total, self.last, self.at_last = total, lower - 1, sys.maxsize

    def add(self, hits: Sequence[Hit]) -> None:
        """Take note of a page, which is in the order of time."""
        if not hits:
            return
        last = _time(hits[-1])
        here = sum(1 for _ in takewhile(lambda hit: _time(hit) == last, reversed(hits)))
        self.at_last = here + (self.at_last if (here, last) == (len(hits), self.last) else 0)
        self.last = last
        self.read += len(hits)


def pages(
    client: SearchClient, window: Window, retry: Retry, reading: Reading | None = None
) -> Iterator[Sequence[Hit]]:
    """The window's hits, oldest first; the last page may be empty.

    While one is at work the next is read, of each slice. Yields nothing at all when the pattern
    names no index. Raises `RequestError`, and `SourceError` for an answer that is not whole.
    `reading` is told how far it came.
    """
    with point_in_time(client, window, retry) as pit:
        if pit is not None:
            for page in ahead(client, window, pit, retry, reading):
                yield page.hits


def ahead(
    client: SearchClient,
    window: Window,
    pit: list[str],
    retry: Retry,
    reading: Reading | None = None,
    arrived: Arrived = ignored,
) -> Iterator[Page]:
    """As `pages`, in a view that is open; `arrived` is told some hits before their turn comes."""
    count, gone = reading is not None and not reading.total, Event()
    patient = replace(retry, sleep=unless(gone, retry.sleep))
    with window.pool(max(2 * AHEAD, len(window.paces))) as pool:
        if len(window.paces) > 1:
            found = in_order(_slices(client, window, pit, patient, count=count), pool)
        else:
            found = _in_stretches(client, window, pit, patient, pool, arrived, count=count)
        try:
            for page in found:
                if reading is not None:
                    reading.total += page.total or 0
                    reading.add(page.hits)
                yield page
        finally:
            gone.set()


def _slices(
    client: SearchClient, window: Window, pit: list[str], retry: Retry, *, count: bool
) -> list[Iterator[Page]]:
    """The pages of each slice of a window."""
    parts = [{"slice": {"id": n, "max": len(window.paces)}} for n in range(len(window.paces))]
    return [
        _pages(client, window, pit, retry, pace, part, count=count)
        for pace, part in zip(window.paces, parts, strict=True)
    ]


def _in_stretches(
    client: SearchClient,
    window: Window,
    pit: list[str],
    retry: Retry,
    pool: Executor,
    arrived: Arrived,
    *,
    count: bool,
) -> Iterator[Page]:
    """A window's pages. Where there are many, those after the first are gathered as they lie if
    there are not too many to be held, and else those after the second read in stretches of time."""
    pace = window.paces[0] if window.paces else Pace(window.page_size)
    at_once, known = TOGETHER * pace.size, window.begun
    if known and (found := _in_halves(client, window, pit, retry, pool, arrived, pace, known)):
        yield from handed_on(found, at_once)
        return
    whole = _pages(client, window, pit, retry, pace, {}, count=count)
    page = next(whole, None)  # not worth a thread: most often it is the only one
    if page is None:
        return
    first, read = _time(page.hits[0]) if page.hits else window.upper, len(page.hits)
    if page.last or (page.total is not None and page.total - read <= stretches.LEFT * pace.size):
        yield from in_order([chain((page,), whole)], pool)
        return
    ended = _at_end(page.hits)
    others = 0 if page.total is None else page.total - read
    if _held(window, pace, others):
        left = Stretch(ended[0], window.upper, others)
        lying = _lying(client, window, pit, retry, pace, left, exact=False)
        with begun([lying], pool) as coming:
            yield replace(page, more=True)
            rest = gathered(coming, len(window.tiebreak), arrived)
        if rest is None:
            yield from in_order([whole], pool)
        else:
            begins = list(takewhile(lambda hit: _time(hit) == ended[0], rest))
            rest[: len(begins)] = [hit for hit in begins if _identity(hit) not in ended[1]]
            yield from handed_on(rest, at_once)
        return
    soon = pool.submit(next, whole, None)
    counting = _counting(client, window, pit, retry)
    spans = known.spans if known else None
    cutting = pool.submit(Stretches, counting, first, window.upper, spans)
    try:
        yield page
        page = soon.result()
        if page is None or page.last:
            yield from () if page is None else (page,)
            return
        parts_left = cutting.result()
    finally:
        soon.cancel()
        cutting.cancel()
    last, given = _at_end(page.hits)
    given |= ended[1] if ended[0] == last else set()
    parts_left.skip(last, read + len(page.hits))

    def parts() -> Iterator[Iterator[Page]]:
        while (part := parts_left.next(pace.size)) is not None:
            within = replace(window, lower=part.lower, upper=part.upper)
            found = _pages(client, within, pit, retry, pace, {}, count=False, known=part.hits)
            yield _without(found, given) if part.lower == last else found

    yield from side_by_side(page, parts(), pool)


def _in_halves(
    client: SearchClient,
    window: Window,
    pit: list[str],
    retry: Retry,
    pool: Executor,
    arrived: Arrived,
    pace: Pace,
    known: Begun,
) -> list[Hit] | None:
    """All hits of a window that were counted and fit, of two stretches of time side by side, as
    they lie. None where there is no more than a page, or too much."""
    many = known.unread and known.total > pace.size and _held(window, pace, known.total)
    if window.lower is None or not many:
        return None
    halves = halved(known.spans, window.lower, window.upper)
    parts = [_lying(client, window, pit, retry, pace, half, exact=True) for half in halves]
    with begun(parts, pool) as coming:
        found = gathered(coming, len(window.tiebreak), arrived)
    if found and len(found) > known.total:  # what has two times may be in both
        once = {_identity(hit): hit for hit in reversed(found)}
        return [*reversed(once.values())]
    return found


def _held(window: Window, pace: Pace, hits: int) -> bool:
    """Whether so many hits of a window may be read as they lie, and held."""
    return window.tiebreak[-1:] == (PLACE,) and hits > 0 and fits(hits, pace.most, pace.weight)


def _lying(
    client: SearchClient,
    window: Window,
    pit: list[str],
    retry: Retry,
    pace: Pace,
    part: Stretch,
    *,
    exact: bool,
) -> Iterator[Page]:
    """The pages of a stretch of a window in the order in which its hits lie."""
    within = replace(window, lower=part.lower, upper=part.upper, as_stored=True, begun=None)
    return _pages(client, within, pit, retry, pace, {}, count=False, known=part.hits, exact=exact)


def _at_end(hits: Sequence[Hit]) -> tuple[int, set[tuple[str, str]]]:
    """The time of the last of some hits, and which of them are of that time."""
    time = _time(hits[-1])
    return time, {_identity(hit) for hit in hits if _time(hit) == time}


def _without(pages: Iterator[Page], given: Set[tuple[str, str]]) -> Iterator[Page]:
    """Pages without what was given already.

    A search with other bounds cannot go on after the sort values of the last hit: Elasticsearch
    leaves out shards that the bounds do not reach, and `_shard_doc` numbers the others without.
    """
    for page in pages:
        yield replace(page, hits=[hit for hit in page.hits if _identity(hit) not in given])


def _identity(hit: Hit) -> tuple[str, str]:
    return hit["_index"], hit["_id"]


def _counting(client: SearchClient, window: Window, pit: list[str], retry: Retry) -> Count:
    """Counts a window's hits where that can be had at once: it is done to save time."""
    once = replace(retry, limit=0)

    def count(lower: int, upper: int, width: int) -> Mapping[int, int]:
        within = replace(window, lower=lower, upper=upper)
        try:
            return histogram(client, within, width, pit, once)
        except (RequestError, SourceError) as error:
            log.debug("pages are read one after another: %s", error)
            return {}

    return count


def _time(hit: Hit) -> int:
    """A hit's time (epoch ms)."""
    return int(hit["sort"][0])


def pages_in(
    client: SearchClient, window: Window, pit: list[str], retry: Retry
) -> Iterator[Sequence[Hit]]:
    """As `ahead`, one page after another, each read when it is asked for."""
    pace = window.paces[0] if window.paces else Pace(window.page_size)
    for page in _pages(client, window, pit, retry, pace, {}, count=False):
        yield page.hits


def _pages(
    client: SearchClient,
    window: Window,
    pit: list[str],
    retry: Retry,
    pace: Pace,
    part: Mapping[str, Any],
    *,
    count: bool,
    known: int | None = None,
    exact: bool = False,
) -> Iterator[Page]:
    """The pages of a part of a window.

    The first has the number of all hits, if they `count`. About so many there are if that is
    `known`; where it is `exact`, there are no more than that.
    """
    after: Sequence[Any] | None = None
    came = window.begun.take() if window.begun else None
    if came is not None:
        yield came
        if came.last:
            return
        after, count = came.hits[-1]["sort"], False
    while True:
        body = {
            **_page(window, COUNTED if count else False),
            **part,
            **({"search_after": after} if after else {}),
        }
        whole = known if exact and known is not None and known <= MOST else None
        answer, size = search(client, body, pit, pace, window.keep_alive, retry, known, whole)
        if not answer.get("_shards", {}).get("total", 1):
            return
        hits: Sequence[Hit] = answer["hits"]["hits"]
        known = None if known is None else max(0, known - len(hits))
        last = len(hits) < size or (exact and known == 0)
        total = int(answer["hits"]["total"]["value"]) if count else None
        yield Page(hits, last, total)
        if last:
            return
        after, count = hits[-1]["sort"], False


def _page(window: Window, count: int | bool) -> dict[str, Any]:
    """A search for hits with their documents, which are counted up to a number, or all, or not."""
    return {
        "query": window.clauses(),
        "sort": window.sort(),
        "track_total_hits": count,
        "version": True,
        **window.documents(),
    }


def begin(client: SearchClient, window: Window, pit: list[str], retry: Retry, first: int) -> Begun:
    """Read the first page of a window, none of whose hits is from before the time `first`.

    One search, which also says how many there are and where they lie. Raises as `pages` does.
    """
    pace = window.paces[0] if window.paces else Pace(window.page_size)
    width = stretches.width_of(first, window.upper)
    body = {**_page(window, count=True), "aggs": _times(window, width)}
    answer, size = search(client, body, pit, pace, window.keep_alive, retry)
    hits: Sequence[Hit] = answer["hits"]["hits"]
    total = int(answer["hits"]["total"]["value"])
    page = Page(hits, len(hits) < size, total)
    return Begun(page, stretches.spans(_by_time(answer, width), width), total)


def counted(client: SearchClient, window: Window, pit: list[str], retry: Retry) -> Begun | None:
    """How many hits a window with a lower bound has, and where; None where that is refused.

    One search, which reads no document. It is done to save time, and not tried again.
    """
    width = stretches.width_of(window.lower or 0, window.upper, SPANS)
    try:
        answer = _counted(client, window, width, pit, replace(retry, limit=0))
    except (RequestError, SourceError) as error:
        log.debug("hits are not counted beforehand: %s", error)
        return None
    spans = stretches.spans(_by_time(answer, width), width)
    return Begun(None, spans, int(answer["hits"]["total"]["value"]))


def _times(window: Window, width: int) -> dict[str, Any]:
    by_time = {"field": window.cursor, "fixed_interval": f"{width}ms", "min_doc_count": 1}
    return {"times": {"date_histogram": by_time}}


def _by_time(answer: Mapping[str, Any], width: int) -> dict[int, int]:
    found = answer.get("aggregations", {}).get("times", {}).get("buckets", ())
    return {int(one["key"]) // width: int(one["doc_count"]) for one in found}


def histogram(
    client: SearchClient, window: Window, width: int, pit: list[str], retry: Retry
) -> dict[int, int]:
    """How many hits the window has in each span of `width` ms since 1970; those of none left out.

    One search, which reads no document. Raises as `pages` does.
    """
    return _by_time(_counted(client, window, width, pit, retry), width)


def _counted(
    client: SearchClient, window: Window, width: int, pit: list[str], retry: Retry
) -> Mapping[str, Any]:
    body = {
        "query": window.clauses(),
        # OpenSearch, asked for no hit or no total, says that it has ended early
        "track_total_hits": True,
        "sort": window.sort(),
        "_source": False,
        "aggs": _times(window, width),
    }
    answer, _ = search(client, body, pit, Pace(1), window.keep_alive, retry)
    return answer


@contextmanager
def point_in_time(client: SearchClient, window: Window, retry: Retry) -> Iterator[list[str] | None]:
    """A frozen view of a pattern, closed at the end; the id may change from search to search."""
    pit = retry.call(lambda: client.open_pit(window.index, window.keep_alive))
    if pit is None:
        yield None
        return
    current = [pit]
    try:
        yield current
    finally:
        try:
            client.close_pit(current[0])
        except RequestError as error:
            log.warning("a point in time stays open until it expires: %s", error)


def search(
    client: SearchClient,
    body: Mapping[str, Any],
    pit: list[str],
    pace: Pace,
    keep_alive: str,
    retry: Retry,
    known: int | None = None,
    whole: int | None = None,
) -> tuple[Mapping[str, Any], int]:
    """One whole page and the size it was asked in; a cluster under pressure is asked for less.

    Where fewer hits are `known` to be there than are asked for, so many are a full answer. If
    `whole` is little more than a page, so many are asked for at once.
    """
    patience = Patience(retry)
    size = pace.size
    if whole is not None and size < whole <= size + size // FRACTION:
        size = whole
    while True:
        view = {"id": pit[0], "keep_alive": keep_alive}
        try:
            answer = client.search({**body, "size": size, "pit": view})
        except RequestError as error:
            smaller = error.status in TOO_MUCH or "circuit_breaking" in error.kind
            if error.status == 413 and size == 1:
                raise
            if not error.transient and not smaller:
                raise
            if smaller:
                size = pace.refused(size)
            patience.wait(error)
            continue
        pit[0] = answer.get("pit_id") or pit[0]
        check_whole(client.host, answer)
        hits = answer["hits"]["hits"]
        pace.answered(size if known is None else min(size, known), len(hits), weigh(hits))
        return answer, size


def check_whole(host: str, answer: Mapping[str, Any]) -> None:
    """Refuse an answer that some shard has not given its part of. Raises `SourceError`."""
    shards = answer.get("_shards") or {}
    if answer.get("timed_out"):
        raise SourceError(f"{host}: the search ran out of time and its answer is not whole")
    if answer.get("terminated_early"):
        raise SourceError(f"{host}: the search was ended early and its answer is not whole")
    if shards.get("failed"):
        failed, total = shards["failed"], shards.get("total", "?")
        raise SourceError(f"{host}: {failed} of {total} shards failed and the answer is not whole")
