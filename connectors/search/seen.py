"""The bounded, durable set of the event ids that were read inside the overlap."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import blake2b

KEY = 16
"""Characters of a key: 12 bytes of hash, so that no chosen id can meet another's."""

BUCKETS = 20
"""How many parts the overlap is kept in; whole parts are dropped."""


def key_of(id: str, version: int) -> str:
    """A short key for one version of a document: an overwritten one is a new event."""
    digest = blake2b(f"{version}:{id}".encode("utf-8", "surrogatepass"), digest_size=12)
    return urlsafe_b64encode(digest.digest()).decode("ascii")


class Seen:
    """Keys by the time of their event (epoch ms), oldest dropped first.

    `capped` tells that the limit has dropped keys that the overlap still needs: then a
    re-read gives some events again.
    """

    def __init__(
        self,
        overlap_ms: int,
        limit: int,
        dropped: Callable[[int, list[str], bool], None] | None = None,
    ) -> None:
        """`dropped` is told each part that goes: its start, its keys, and whether by the limit."""
        self.limit = limit
        self.capped = False
        self._dropped = dropped
        self._width = max(1, overlap_ms // BUCKETS)
        self._overlap = overlap_ms
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
            self._drop(min(self._buckets), capped=True)
            self.capped = True

    def forget_before(self, mark: int) -> None:
        """Drop what a re-read from `mark` minus the overlap cannot meet again."""
        oldest = (mark - self._overlap) // self._width
        for bucket in [b for b in self._buckets if b < oldest]:
            self._drop(bucket)

    def _drop(self, bucket: int, *, capped: bool = False) -> None:
        keys = self._buckets.pop(bucket)
        self._keys.difference_update(keys)
        self._packed.pop(bucket, None)
        if self._dropped:
            self._dropped(bucket * self._width, keys, capped)

    @property
    def width(self) -> int:
        """How long a part is, in ms."""
        return self._width

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
                raise ValueError("a part of the seen ids is cut off")
            for at in range(0, len(text), KEY):
                self.add(text[at : at + KEY], time)
