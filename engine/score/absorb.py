"""Two open windows become one: an event came that lies near both."""

from __future__ import annotations

from engine.score.limits import EDGES, HITS, NEW
from engine.score.window import Open


def absorb(left: Open, right: Open, most: int) -> tuple[int, int]:
    """Put all of `right`, which begins after `left` has ended, into `left`.

    Events beyond `most` are counted and not scored. How many these are, and by how many bytes the
    texts to be shown change.
    """
    text = sum(sample.size for sample in (*left.samples, *right.samples))
    left.times.extend(right.times)
    left.numbers.extend(right.numbers)
    if left.signals and right.signals:
        for mine, other in zip(left.signals, right.signals, strict=True):
            mine.extend(other)
    else:
        left.signals = left.signals or right.signals
    dropped = max(len(left.times) - most, 0)
    del left.times[most:], left.numbers[most:]
    for mine in left.signals:
        del mine[most:]
    left.over += right.over + dropped
    left.seen |= right.seen
    for sample in right.samples:
        left.take(sample)
    for hit in right.hits.values():
        known = left.hits.get(hit.id)
        left.hits[hit.id] = known._replace(times=known.times + hit.times) if known else hit
    while len(left.hits) > HITS:
        del left.hits[min(left.hits.values(), key=lambda hit: (hit.rank, hit.times)).id]
    new = [said for said in right.fields if said not in left.fields]
    left.fields = [*left.fields, *new][:NEW]
    for edge, times in right.edges.items():
        if edge in left.edges or len(left.edges) < EDGES:
            left.edges[edge] = left.edges.get(edge, 0) + times
    left.end = right.end
    return dropped, sum(sample.size for sample in left.samples) - text
