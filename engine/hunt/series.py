"""Counts of each group in fixed buckets of time, whoever counts: the cluster, or we.

Buckets begin at multiples of their width since 1970, so that they are the same in every run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from engine.correlate.value import text_of
from engine.hunt.groups import folded, groups
from engine.hunt.model import Span
from engine.hunt.row import Ask, Group
from engine.hunt.type import Run


@dataclass(slots=True)
class Series:
    """A group's counts by the bucket's start, in microseconds."""

    group: Group
    counts: Counter[int] = field(default_factory=Counter)


def floor(time: int, width: int) -> int:
    """Where the bucket of a time begins."""
    return time - time % width


def ended(span: Span, width: int) -> range:
    """The starts of the buckets that end in a span: after its start, and not after its end."""
    return range(floor(span.start, width), floor(span.end, width), width)


def series(run: Run, fields: tuple[str, ...], width: int, span: Span) -> dict[Group, Series]:
    """The counts of every group in the buckets of a span, which must begin and end at buckets.

    Where the hunt has a detection the events are read and counted here; else the reader counts,
    if it can.
    """
    found: dict[Group, Series] = {}
    counted = None
    if run.hunt.filter is None and run.reader.counts:
        counted = run.reader.buckets(span, Ask(fields, width))
    if counted is None:
        for row in run.rows(span):
            for key, shown in groups(row.event, fields):
                known = found.setdefault(key, Series(shown))
                known.counts[floor(row.time, width)] += 1
        return found
    for row in run.rows(span, dict.fromkeys(fields, ())) if fields else ():  # what is not counted
        for key, shown in groups(row.event, fields):
            found.setdefault(key, Series(shown)).counts[floor(row.time, width)] += 1
    for bucket in counted:
        key = folded(bucket.values)
        known = found.setdefault(key, Series(tuple(map(text_of, bucket.values))))
        known.counts[bucket.start or 0] += bucket.count
    return found
