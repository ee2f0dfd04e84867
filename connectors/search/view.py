"""A frozen view of a pattern in which events are looked at again: their ids, and few documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from connectors.search.names import stream_name
from connectors.search.pace import Pace
from connectors.search.paging import Hit, Window, pages_in, search
from connectors.search.port import SearchClient
from connectors.search.retry import Retry
from connectors.search.seen import key_of
from engine.errors import SourceError
from engine.ports import Record

IDS_PAGE = 5000
"""Hits of a page that has no documents."""
IDS_ASKED = 1000
"""Documents that are asked for by their ids at a time."""


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to say of a window (epoch ms)."""

    kind: str
    start: int
    end: int
    count: int | None
    reason: str
    step: int = 0
    fillable: bool = False


def nothing() -> None:
    """Keep nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """Events that are new, what is to be noted, and what makes both known."""

    hits: Sequence[Hit]
    notes: Sequence[Told] = ()
    keep: Callable[[], None] = nothing


@dataclass(frozen=True, slots=True)
class View:
    """A point in time that is open. `base` says what to read; windows are put in its place."""

    client: SearchClient
    base: Window
    pit: list[str]
    retry: Retry

    def within(self, lower: int, upper: int) -> Window:
        """The base between two times (epoch ms, both ends included)."""
        return replace(self.base, lower=lower, upper=upper)

    def pages(self, window: Window) -> Iterator[Sequence[Hit]]:
        """A window's hits in the order of time, with their documents."""
        return pages_in(self.client, window, self.pit, self.retry)

    def bare(self, window: Window) -> Iterator[Hit]:
        """The same without their documents."""
        for hits in self.pages(replace(window, sources=False, page_size=IDS_PAGE, paces=())):
            yield from hits

    def count(self, lower: int, upper: int) -> int:
        """How many events there are between two times (epoch ms, both ends included)."""
        window = self.within(lower, upper)
        # OpenSearch, asked for no hit or no total, says that it has ended early
        body = {"query": window.clauses(), "track_total_hits": True, "sort": window.sort(),
                "_source": False}  # fmt: skip
        answer, _ = search(self.client, body, self.pit, Pace(1), window.keep_alive, self.retry)
        return int(answer["hits"]["total"]["value"])

    def keys(self, window: Window) -> Iterator[str]:
        """The keys of a window's events."""
        return map(self.key, self.bare(window))

    def key(self, hit: Hit) -> str:
        """The key of one version of a hit."""
        return hit_key(self.base.index, hit)

    def fetch(self, bare: Sequence[Hit]) -> Iterator[list[Hit]]:
        """Hits in the order of time once more, with their documents."""
        for at in range(0, len(bare), IDS_ASKED):
            some = bare[at : at + IDS_ASKED]
            keys = set(map(self.key, some))
            asked = {"ids": {"values": sorted({hit["_id"] for hit in some})}}
            window = self.within(hit_time(some[0]), hit_time(some[-1]))
            query = {"bool": {"filter": [dict(window.query), asked]}} if window.query else asked
            window = window.whole()  # they are known to pass it
            left = len(some)
            for hits in self.pages(replace(window, query=query)):
                # an id may be in several indices
                if found := [hit for hit in hits if self.key(hit) in keys]:
                    left -= len(found)
                    yield found
            if left:
                raise SourceError(f"{self.client.host}: {left} events were there and are not found")


def hit_time(hit: Hit) -> int:
    """A hit's time (epoch ms)."""
    return int(hit["sort"][0])


def hit_id(asked: str, hit: Hit) -> str:
    """An event's id: the stream's name, not the backing index's, and the document's id."""
    return f"{stream_name(asked, str(hit['_index']))}/{hit['_id']}"


def hit_key(asked: str, hit: Hit) -> str:
    """The key of one version of a hit; its id is there already where the hit was looked at."""
    source = hit.get("_source")
    id = source.id if isinstance(source, Record) else None
    return key_of(id or hit_id(asked, hit), int(hit.get("_version", 1)))
