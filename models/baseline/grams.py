"""N-grams of many sessions at once, as arrays of 64-bit hashes.

A hash of an n-gram is made of the hash of its first n-1 events and its last event, so that the
tables of all orders come out of one pass without a loop over events. Two of a million different
n-grams share a hash with a chance of 3 in 100 million; then the rarer one counts as seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, Session

Hashes: TypeAlias = NDArray[np.uint64]
Counts: TypeAlias = NDArray[np.int64]

START = -1
END = -2
"""What stands before the first event of a session, and after its last."""
BLOCK = 500_000
"""Events that are looked at together, which bounds memory."""

_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Padded:
    """Sessions in a row, each after START and before END.

    `events` are all of them; `places` are the indices of those to be predicted, that is of events
    and ENDs; `sizes` says how many of these each session has, one at least.
    """

    events: Counts
    places: NDArray[np.intp]
    sizes: NDArray[np.intp]

    @property
    def starts(self) -> NDArray[np.intp]:
        """Where in `places` each session begins."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.intp)


def padded(sessions: Sequence[Session], starts: int) -> Padded:
    """`sessions` with `starts` START before each and END after it."""
    sizes = np.array([len(session) + 1 for session in sessions], dtype=np.intp)
    whole = sizes + starts
    first = np.concatenate([[0], np.cumsum(whole)[:-1]]).astype(np.intp)
    events = np.full(int(whole.sum()), START, dtype=np.int64)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = first[owner] + starts + within
    flat = np.fromiter((each for session in sessions for each in (*session, END)), np.int64)
    events[places] = flat
    return Padded(events, places, sizes)


def hashes(events: Counts, longest: int) -> list[Hashes]:
    """For n from 1 to `longest`: the hash of the n-gram that ends at each place.

    At the first n-1 places there is none; what stands there means nothing.
    """
    single = _mixed(events.astype(np.uint64))
    rows = [single]
    for _ in range(1, longest):
        before = np.concatenate([[np.uint64(0)], rows[-1][:-1]])
        rows.append(_mixed(before * _STEP + single))
    return rows


def counted(values: Hashes) -> tuple[Hashes, Counts]:
    """The distinct ones of `values` in order, and how often each occurs."""
    distinct, counts = np.unique(values, return_counts=True)
    return distinct, counts.astype(np.int64)


def merged(first: tuple[Hashes, Counts], second: tuple[Hashes, Counts]) -> tuple[Hashes, Counts]:
    """Two tables as one, counts of the same hash added."""
    keys, where = np.unique(np.concatenate([first[0], second[0]]), return_inverse=True)
    sums = np.zeros(len(keys), dtype=np.int64)
    np.add.at(sums, where, np.concatenate([first[1], second[1]]))
    return keys, sums


def looked_up(table: tuple[Hashes, Counts], values: Hashes) -> Counts:
    """The count of each of `values` in `table`, 0 where it is missing."""
    keys, counts = table
    if len(keys) == 0:
        return np.zeros(len(values), dtype=np.int64)
    where = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
    return np.where(keys[where] == values, counts[where], 0)


def blocks(sessions: Sequence[Session], size: int = BLOCK) -> Iterator[Sequence[Session]]:
    """`sessions` in runs of about `size` events."""
    at, events = 0, 0
    for end, session in enumerate(sessions, 1):
        events += len(session)
        if events >= size:
            yield sessions[at:end]
            at, events = end, 0
    if at < len(sessions):
        yield sessions[at:]


def in_blocks(sessions: Sequence[Session], score: Callable[[Sequence[Session]], Any]) -> Floats:
    """The scores of `sessions`, some at a time, one after the other."""
    parts = [np.asarray(score(block), dtype=np.float64) for block in blocks(sessions)]
    return np.concatenate(parts) if parts else np.zeros(0)


def _mixed(values: Hashes) -> Hashes:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): every bit depends on all others."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
