"""A small window read in the order in which its index stores it, then put into the order of time.

A server keeps documents in compressed blocks. Of a page of neighbours it unpacks each block once,
of one in the order of time the same block for each of its documents: events of several senders lie
mixed up. So what is left of a window is read as it lies where it is small enough to be held, and
nothing of it is handed on before all of it has come: from there on it is what one reader would have
given in the order of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from connectors.search.pace import weigh
from connectors.search.slices import Hit, Page

HELD = 64 * 1024 * 1024
"""Bytes of JSON that are held at a time, by what hits weighed so far."""

HITS = 40_000
"""Hits that are held at a time, whatever they weigh."""

PAGES = 8
"""Pages, at most: nothing is stored before all have come, and a crash has them read again."""

SURPRISE = 2
"""How many times as much may come before it is given up."""

PLACE = "_shard_doc"
"""The sort field that is a document's place in its index."""

Arrived = Callable[[Sequence[Hit]], None]
"""What is done with hits as they come, in no order."""


def ignored(_hits: Sequence[Hit], /) -> None:
    """Nothing."""


def fits(hits: int, size: int, weight: float) -> bool:
    """Whether so many hits, of so many bytes each, may be held; pages have `size` at most."""
    return hits <= min(HITS, PAGES * size) and hits * weight <= HELD


def gathered(pages: Iterator[Page], at: int, arrived: Arrived = ignored) -> list[Hit] | None:
    """All hits of some pages, which come in the order of their places, in the order of time.

    The time is at some place among their sort values (Elasticsearch adds one more to those that
    it was asked for), and comes first then. None where much more came than fits.
    """
    found: list[Hit] = []
    held = 0
    for page in pages:
        held += weigh(page.hits)
        if len(found) + len(page.hits) > SURPRISE * HITS or held > SURPRISE * HELD:
            return None
        arrived(page.hits)
        found += page.hits
    for hit in found:
        values = hit["sort"]
        values.insert(0, values[at])  # not before: the next page begins after the last of these
    found.sort(key=_time)
    return found


def handed_on(hits: list[Hit], size: int) -> Iterator[Page]:
    """Hits in pages, each let go of once the next is asked for."""
    parts = [hits[at : at + size] for at in range(0, len(hits), size)]
    hits.clear()
    parts.reverse()
    while parts:
        hits, more = parts.pop(), bool(parts)
        yield Page(hits, last=not more, more=more)


def _time(hit: Hit) -> Any:
    return hit["sort"][0]
