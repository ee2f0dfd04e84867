"""What a search source has evaluated behind its overlap, by buckets of time, within bounds.

Poll after poll, the bins of `seen` that leave the overlap are folded into the bucket of their
time: a `Sketch` of its keys. A sweep compares the number of events that a bucket has in the
cluster with the number of those that were evaluated, less those that were absent (deleted) when it
was last settled. Where they are equal nothing came; where they are not, the sketch tells which
events are new.

Three regions, by a bucket's distance to the mark:

    up to `horizon`      a sketch: late events are found and evaluated once
    up to `far` more     a count: late events are counted, and their window is a gap
    beyond               nothing is known

A bucket is *blurred* where what was evaluated of it is not known key by key, as the memory began
there (the first launch of this version, changed settings). Blurred buckets are evaluated once more
whole, and known from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.search.sketch import Sketch

BUCKETS = 288
"""Buckets of the horizon at most: five minutes each in a day."""
FAR = 7
"""Horizons that are counted behind the first one."""


class Memory:
    """The buckets of one source; all times in epoch ms.

    `part` is the width of the parts of `seen`, of which a bucket holds a whole number. Nothing
    is known, nor asked, before `since` (None: since ever). `unknown` are windows that left the
    far region without being counted, until somebody takes them.
    """

    def __init__(self, part: int, horizon: int, since: int | None = None) -> None:
        self.part, self.horizon, self.since = part, horizon, since
        self.width = part * max(1, -(-horizon // (part * BUCKETS)))
        self.counts: dict[int, int | None] = {}
        """Of the far region: events by bucket; None where the first count is still to come."""
        self.unknown: list[tuple[int, int]] = []
        self._sketches: dict[int, Sketch] = {}
        self._absent: dict[int, int] = {}
        self._blurred: set[int] = set()
        self._packed: dict[int, str] = {}

    def bucket(self, time: int) -> int:
        """The bucket of a time."""
        return time // self.width

    def window(self, bucket: int) -> tuple[int, int]:
        """From when (inclusive) to when (exclusive) a bucket is known."""
        start = bucket * self.width
        return (start if self.since is None else max(start, self.since)), start + self.width

    def fold(self, time: int, events: Sketch, absent: int = 0) -> None:
        """Take in the events of a bin that begins at a time, of which so many are gone."""
        bucket = self.bucket(time)
        if bucket not in self._blurred:
            self._sketches.setdefault(bucket, Sketch()).merge(events)
            self._absent[bucket] = self._absent.get(bucket, 0) + absent
            self._packed.pop(bucket, None)

    def _add(self, bucket: int, key: str) -> None:
        self._sketches.setdefault(bucket, Sketch()).add(key)
        self._packed.pop(bucket, None)

    def blur(self, bucket: int) -> None:
        """Forget which keys a bucket had."""
        self._blurred.add(bucket)
        for known in (self._sketches, self._absent, self._packed):
            known.pop(bucket, None)

    def restart(self, mark: int, start: int | None) -> None:
        """Begin at a mark behind which something was evaluated, nobody knows what."""
        first = self.bucket(mark - self.horizon) + 1
        self.since = first * self.width if start is None else max(start, first * self.width)
        for bucket in range(self.bucket(self.since), self.bucket(mark) + 1):
            self.blur(bucket)

    def known(self, bucket: int) -> Sketch | None:
        """The keys that a bucket had; None where they are not known."""
        return None if bucket in self._blurred else self._sketches.get(bucket) or Sketch()

    def due(self, counts: Mapping[int, int], lower: int, edge: int) -> list[int]:
        """The buckets from `lower` on whose count is not what it was, oldest first.

        `counts` are of events before `edge` (epoch ms). The bucket that it divides is asked for
        its first part alone, and not where it is blurred: that waits until it is whole.
        """
        end = self.bucket(edge)
        names = sorted({*counts, *self._sketches, *self._blurred})
        return [
            bucket
            for bucket in names
            if (lower <= bucket < end and bucket in self._blurred)
            or (lower <= bucket <= end and self._differs(bucket, counts, edge))
        ]

    def _differs(self, bucket: int, counts: Mapping[int, int], edge: int) -> bool:
        if bucket in self._blurred or self.window(bucket)[0] >= edge:
            return False
        return counts.get(bucket, 0) != self._count(bucket)

    def _count(self, bucket: int) -> int:
        sketch = self._sketches.get(bucket)
        return (sketch.count if sketch else 0) - self._absent.get(bucket, 0)

    def late(self, bucket: int, keys: Iterable[str]) -> None:
        """Take in keys that a sweep found."""
        for key in keys:
            self._add(bucket, key)

    def unread(self, bucket: int, events: int) -> None:
        """So many more events of a bucket need not be read, and are known by their number alone."""
        if bucket not in self._blurred:
            self._sketches.setdefault(bucket, Sketch())
            self._absent[bucket] = self._absent.get(bucket, 0) - events

    def settle(self, bucket: int, count: int, sketch: Sketch | None = None) -> None:
        """A bucket with so many events in the cluster is evaluated; `sketch` if all anew."""
        if sketch is not None:
            self._blurred.discard(bucket)
            self._sketches[bucket] = sketch
            self._packed.pop(bucket, None)
        if bucket not in self._sketches and bucket not in self._blurred:
            self._sketches[bucket] = Sketch()  # none of its events was worth reading
        known = self._sketches.get(bucket)
        self._absent[bucket] = (known.count if known else 0) - count

    def forget(self, mark: int) -> None:
        """Let buckets that the mark has left behind pass into the next region."""
        oldest = self.bucket(mark - self.horizon)
        for bucket in [b for b in self._sketches if b < oldest]:
            self.counts[bucket] = self._count(bucket)
            self._drop(bucket)
        for bucket in [b for b in self._blurred if b < oldest]:
            self.counts[bucket] = None
            self._blurred.discard(bucket)
        for bucket in [b for b in self._absent if b < oldest]:
            self._drop(bucket)
        last = self.oldest(mark)
        for bucket in sorted(b for b in self.counts if b < last):
            if self.counts.pop(bucket) is None:
                self._lose(*self.window(bucket))

    def _lose(self, start: int, end: int) -> None:
        """Give up a window, as part of the one before it where they touch."""
        if self.unknown and self.unknown[-1][1] == start:
            start = self.unknown.pop()[0]
        self.unknown.append((start, end))

    @property
    def uncounted(self) -> list[int]:
        """Buckets of the far region that were blurred when they left the horizon."""
        return [bucket for bucket, count in self.counts.items() if count is None]

    def oldest(self, mark: int) -> int:
        """The first bucket of the far region."""
        return self.bucket(mark - self.horizon * (1 + FAR))

    def _drop(self, bucket: int) -> None:
        self._sketches.pop(bucket, None)
        self._absent.pop(bucket, None)
        self._packed.pop(bucket, None)

    def dump(self) -> dict[str, Any]:
        """The memory as JSON."""
        for bucket, sketch in self._sketches.items():
            if bucket not in self._packed:
                self._packed[bucket] = sketch.dump()
        return {
            "part": self.part,
            "horizon": self.horizon,
            "since": self.since,
            "keys": {str(bucket): text for bucket, text in self._packed.items()},
            "absent": {str(bucket): count for bucket, count in self._absent.items() if count},
            "blurred": sorted(self._blurred),
            "counts": {str(bucket): count for bucket, count in self.counts.items()},
        }

    def load(self, dumped: Mapping[str, Any]) -> bool:
        """Take up what `dump` gave; False where it was of other settings. Raises ValueError."""
        if (dumped["part"], dumped["horizon"]) != (self.part, self.horizon):
            return False
        since = dumped["since"]
        self.since = None if since is None else int(since)
        for bucket, text in dumped["keys"].items():
            self._sketches[int(bucket)] = Sketch.load(text)
            self._packed[int(bucket)] = text
        self._absent = {int(bucket): int(count) for bucket, count in dumped["absent"].items()}
        self._blurred = {int(bucket) for bucket in dumped["blurred"]}
        self.counts = {
            int(bucket): None if count is None else int(count)
            for bucket, count in dumped["counts"].items()
        }
        return True
