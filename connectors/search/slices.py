"""Pages of hits read ahead, and several slices of a window put into one order again.

While a page is evaluated the next two are on their way, one after the other: the first pages of a
run take longest to evaluate and least to read, and nobody should wait then. A window may be read in
slices, each by a thread of its own, as shards answer faster side by side. What comes out is what
one reader would have given: hits in the order of their sort values, and never one before all that
belong before it have come from every slice. So a checkpoint behind any of them covers what it
covers without.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any

Hit = Mapping[str, Any]

AHEAD = 2
"""Pages that are made ahead of the one at hand, where there is one slice; else one of each."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some hits in order, whether they are the last, and how many there are in all, if known.

    `more` says that there are hits after these for certain: of a full page that is not known.
    """

    hits: Sequence[Hit]
    last: bool
    total: int | None = None
    more: bool = False


class AbandonedError(Exception):
    """Nobody waits for the page any more; nobody sees this either."""


def unless(gone: Event, sleep: Callable[[float], None]) -> Callable[[float], None]:
    """A wait that ends a retry once nobody is there any more."""

    def wait(seconds: float) -> None:
        if gone.is_set():
            raise AbandonedError
        sleep(seconds)

    return wait


def in_order(slices: Sequence[Iterator[Page]], pool: Executor) -> Iterator[Page]:
    """All hits of some slices, in order, in pages; nothing where no slice has a page.

    The pool makes the pages. Raises what making one raises, when its turn comes.
    """
    if len(slices) == 1:
        yield from _Stream(slices[0], pool, eager=False, ahead=AHEAD)
        return
    streams = [_Stream(pages, pool, eager=True) for pages in slices]
    total: int | None = None
    for stream in streams:
        stream.fill()
        if stream.total is not None:
            total = (total or 0) + stream.total
    if all(stream.absent for stream in streams):
        return
    while True:
        bounds = [stream.keys[-1] for stream in streams if not stream.ended]
        bound = min(bounds) if bounds else None
        taken = [hit for stream in streams for hit in stream.take(bound)]
        yield Page(sorted(taken, key=_key), not bounds, total)
        if not bounds:
            return
        total = None
        for stream in streams:
            stream.fill()


@contextmanager
def begun(parts: Sequence[Iterator[Page]], pool: Executor) -> Iterator[Iterator[Page]]:
    """The pages of some parts as they come, which the pool makes until the block is left.

    Those of one part come in their order. Raises as `in_order` does.
    """
    streams = [_Stream(pages, pool, eager=True, ahead=AHEAD) for pages in parts]
    # the work of other pools may be done only once somebody asks for it
    threads = isinstance(pool, ThreadPoolExecutor)
    try:
        yield _as_they_come(streams, threads=threads)
    finally:
        for stream in streams:
            stream.cancel()


def _as_they_come(streams: Sequence[_Stream], *, threads: bool) -> Iterator[Page]:
    left = [(stream, iter(stream)) for stream in streams]
    while left:
        coming = [stream.coming for stream, _ in left]
        if threads:
            wait(coming, return_when=FIRST_COMPLETED)
        at = next((n for n, future in enumerate(coming) if future.done()), 0)
        if (page := next(left[at][1], None)) is None:
            del left[at]
        else:
            yield page


def _key(hit: Hit) -> tuple[Any, ...]:
    return tuple(hit["sort"])


class _Stream:
    """The pages of one slice, of which the next are made meanwhile, and hits that wait."""

    def __init__(
        self, pages: Iterator[Page], pool: Executor, *, eager: bool, ahead: int = 1
    ) -> None:
        self._pages, self._pool = pages, pool
        self._coming: deque[Future[Page | None]] = deque()
        self._ahead = ahead
        self._hits: Sequence[Hit] = ()
        self.keys: list[tuple[Any, ...]] = []
        """The sort values of the hits that wait."""
        self.ended = self.absent = False
        self.total: int | None = None
        while eager and len(self._coming) < ahead:
            self._begin()

    @property
    def coming(self) -> Future[Page | None]:
        """The next page, or None where none was begun."""
        if self._coming:
            return self._coming[0]
        none: Future[Page | None] = Future()
        none.set_result(None)
        return none

    def __iter__(self) -> Iterator[Page]:
        try:
            while (page := self._next()) is not None:
                yield page
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Have no more pages made; one that has begun ends by itself."""
        for each in self._coming:
            each.cancel()

    def _begin(self) -> None:
        """Have one more page made, after those that are coming."""
        before = self._coming[-1] if self._coming else None
        self._coming.append(self._pool.submit(self._make, before))

    def _make(self, before: Future[Page | None] | None) -> Page | None:
        if before is not None:
            before.result()
        return next(self._pages, None)

    def _next(self) -> Page | None:
        """The next page; those after it are begun at once."""
        if self.ended:
            return None
        # the first is not worth a thread: most often it is the only one
        page = self._coming.popleft().result() if self._coming else next(self._pages, None)
        if page is None or page.last:
            self.ended, self.absent = True, page is None
        while not self.ended and len(self._coming) < self._ahead:
            self._begin()
        return page

    def fill(self) -> None:
        """See to it that a hit waits, unless there is no more."""
        if not self.keys and (page := self._next()) is not None:
            self._hits, self.keys, self.total = page.hits, list(map(_key, page.hits)), page.total

    def take(self, bound: tuple[Any, ...] | None) -> Sequence[Hit]:
        """The waiting hits up to some sort values, these included; all where there is no bound."""
        end = len(self.keys) if bound is None else bisect_right(self.keys, bound)
        taken, self._hits, self.keys = self._hits[:end], self._hits[end:], self.keys[end:]
        return taken
