"""The bounded, durable set of the matches that push-down has seen."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.search.seen import KEY

BUCKETS = 20
"""How many parts the time is kept in; whole parts are dropped."""


class Matched:
    """Keys by the time of their event (epoch ms), oldest dropped first.

    `capped` tells that the limit has dropped keys that are still needed: then some matches come
    again.
    """

    def __init__(self, reach_ms: int, limit: int) -> None:
        """`reach_ms` is how far behind a mark matches are asked for again."""
        self.limit = limit
        self.capped = False
        self._width = max(1, reach_ms // BUCKETS)
        self._reach = reach_ms
        self._keys: set[str] = set()
        self._buckets: dict[int, list[str]] = {}
        self._packed: dict[int, str] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: str, time: int) -> None:
        """Remember a key under its event's time; a key already known stays where it is."""
        if key in self._keys:
            return
        bucket = time // self._width
        self._keys.add(key)
        self._buckets.setdefault(bucket, []).append(key)
        self._packed.pop(bucket, None)
        while len(self._keys) > self.limit:
            self._drop(min(self._buckets))
            self.capped = True

    def forget_before(self, mark: int) -> None:
        """Drop what is not asked for again from `mark` on."""
        oldest = (mark - self._reach) // self._width
        for bucket in [b for b in self._buckets if b < oldest]:
            self._drop(bucket)

    def _drop(self, bucket: int) -> None:
        keys = self._buckets.pop(bucket)
        self._keys.difference_update(keys)
        self._packed.pop(bucket, None)

    def dump(self) -> dict[str, str]:
        """The keys as JSON: start of each part (epoch ms) to its keys, joined."""
        for bucket, keys in self._buckets.items():
            if bucket not in self._packed:
                self._packed[bucket] = "".join(keys)
        return {str(bucket * self._width): text for bucket, text in self._packed.items()}

    def load(self, dumped: Mapping[str, str]) -> None:
        """Take up what `dump` gave. Raises ValueError for anything else."""
        for start, text in dumped.items():
            time = int(start)
            if len(text) % KEY:
                raise ValueError("a part of the matches is cut off")
            for at in range(0, len(text), KEY):
                self.add(text[at : at + KEY], time)
