"""A window cut into stretches of time of about a page each, so that pages can be made side by side.

Where a page begins is known once the one before it has come: one reader waits for the node, and the
node for it. How many hits lie where the node tells beforehand, by a histogram that reads no
document. Stretches follow each other without a gap up to the window's end whatever it says: it
decides where they are cut, and never what is read. So what comes out is what one reader would have
given, page by page in the order of time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import islice

from connectors.search.slices import AHEAD, Page

BUCKETS = 5000
"""Spans of time that hits are counted in at a time, at most."""

LEFT = 2
"""Pages that must be left of a window for it to be cut."""

MANY = 2
"""Pages from which on a span is counted once more, in shorter ones."""

NO_PAGE = Page((), last=True)

Count = Callable[[int, int, int], Mapping[int, int]]
"""How many hits lie between two times (epoch ms, both included), by spans of so many ms."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one time to another (epoch ms, both included); about so many hits are there."""

    lower: int
    upper: int
    hits: int


def counted(count: Count, lower: int, upper: int) -> list[Stretch]:
    """The spans between two times that have hits, in order, as they are counted."""
    width = width_of(lower, upper)
    return spans(count(lower, upper, width), width)


def width_of(lower: int, upper: int, most: int = BUCKETS) -> int:
    """How long (ms) the spans are, `most` of them, that a stretch of time is counted in."""
    return max(1, -(-(upper - lower + 1) // most))


def spans(found: Mapping[int, int], width: int) -> list[Stretch]:
    """Spans of so many ms since 1970, by how many hits each has."""
    return [Stretch(n * width, (n + 1) * width - 1, hits) for n, hits in sorted(found.items())]


def halved(spans: Sequence[Stretch], lower: int, upper: int) -> list[Stretch]:
    """A stretch of time in two with about as many hits in each; in one if they lie in one span."""
    total, passed = sum(span.hits for span in spans), 0
    for span in spans[:-1]:
        passed += span.hits
        if passed * 2 >= total:
            end = span.upper
            return [Stretch(lower, end, passed), Stretch(end + 1, upper, total - passed)]
    return [Stretch(lower, upper, total)]


class Stretches:
    """What is left of a window up to `upper`, of which hits from the time `first` on are counted.

    `count` may say anything, also nothing; it is not asked first for spans that are `known`.
    """

    def __init__(
        self, count: Count, first: int, upper: int, known: Iterable[Stretch] | None = None
    ) -> None:
        self._count, self._at, self._upper = count, first, upper
        self._spans = deque(counted(count, first, upper) if known is None else known)

    def skip(self, lower: int, read: int) -> None:
        """Begin at a time up to which so many of the hits have come."""
        spans, self._at = self._spans, lower
        self._spans = deque()
        for span in spans:
            left, read = max(0, span.hits - read), max(0, read - span.hits)
            if span.upper >= lower:
                self._spans.append(Stretch(span.lower, span.upper, left))

    def next(self, size: int) -> Stretch | None:
        """The next stretch, of fewer hits than `size` where spans are short; None at the end."""
        if self._at > self._upper:
            return None
        spans, hits, end = self._spans, 0, self._upper
        if spans and spans[0].hits >= MANY * size and spans[0].upper > spans[0].lower:
            whole = spans.popleft()
            found = counted(self._count, max(whole.lower, self._at), whole.upper)
            spans.extendleft(reversed(found or [whole]))
        while spans and (not hits or hits + spans[0].hits < size):
            hits += spans[0].hits
            end = spans.popleft().upper
        lower, upper = self._at, min(max(end, self._at), self._upper)
        if not spans:
            upper = self._upper
        self._at = upper + 1
        return Stretch(lower, upper, hits)


def side_by_side(page: Page, parts: Iterable[Iterator[Page]], pool: Executor) -> Iterator[Page]:
    """A page that has come, and the pages of some parts in order, those that are empty left out.

    The pool makes the next ones meanwhile: of a part one after another, and the first of the part
    that comes next at the same time. Raises what making one raises, when its turn comes.
    """
    waiting = iter(parts)
    coming: deque[tuple[Iterator[Page], Future[Page | None]]] = deque()

    def begin(part: Iterator[Page]) -> tuple[Iterator[Page], Future[Page | None]]:
        return part, pool.submit(next, part, None)

    try:
        while True:
            coming.extend(begin(part) for part in islice(waiting, AHEAD - len(coming)))
            if page.hits:
                yield page
            if not coming:
                return
            part, future = coming.popleft()
            page = future.result() or NO_PAGE
            if not page.last:
                coming.appendleft(begin(part))
    finally:
        for _, future in coming:
            future.cancel()  # one that has begun ends by itself
