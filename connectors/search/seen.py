"""What is known of the events inside the overlap: durable, and bounded whatever their number.

The overlap is divided into bins of time. Of each, a `Sketch` knows which events were evaluated:
the newest bins key by key, up to a limit, the others by no more than tells a few new ones. A
`Tally` of each bin is what the cluster had to say of it when all of its events were known. While it
says the same, nothing came, and nothing has to be read.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping, Set
from hashlib import blake2b
from typing import Any, NamedTuple

from connectors.search.sketch import Sketch

KEY = 16
"""Characters of a key: 12 bytes of hash, so that no chosen id can meet another's."""

_URL_SAFE = bytes.maketrans(b"+/", b"-_")

PARTS = 20
"""How many parts the overlap has; whole parts leave it."""

BINS = 30
"""How many bins a part has: a second each, of ten minutes."""


class Tally(NamedTuple):
    """How many events a bin has in the cluster, and the sum of their sequence numbers.

    An event that came, went or was written over changes it, also where one takes the place of
    another.
    """

    events: int
    sum: int


NOTHING = Tally(0, 0)
UNSUMMED = -1
"""The sum of a tally of which the number alone is known; no cluster says so."""


def key_of(id: str, version: int) -> str:
    """A short key for one version of a document: an overwritten one is a new event."""
    digest = blake2b(f"{version}:{id}".encode("utf-8", "surrogatepass"), digest_size=12).digest()
    return b2a_base64(digest, newline=False).translate(_URL_SAFE).decode("ascii")


class Seen:
    """The bins of the overlap, by the time of their events (epoch ms).

    At most `limit` keys are kept as they are; then the oldest bins are condensed.
    """

    def __init__(
        self, overlap_ms: int, limit: int, dropped: Callable[[int, Sketch, int], None] | None = None
    ) -> None:
        """`dropped` is told each bin that goes: its start, its events, and how many are gone."""
        self.limit = limit
        self._dropped = dropped
        self.bin_ms = max(1, overlap_ms // (PARTS * BINS))
        self.width = self.bin_ms * BINS
        """How long a part is, in ms."""
        self._overlap = overlap_ms
        self._bins: dict[int, Sketch] = {}
        self._tallies: dict[int, Tally] = {}
        self._packed: dict[int, str] = {}
        self._whole = 0

    def __len__(self) -> int:
        return sum(bin.count for bin in self._bins.values())

    def bin(self, time: int) -> int:
        """The bin of a time."""
        return time // self.bin_ms

    def edge(self, mark: int) -> int:
        """Where the oldest part begins that the overlap behind a mark reaches into."""
        return (mark - self._overlap) // self.width * self.width

    @property
    def condensed(self) -> bool:
        """Whether any event cannot be told by its key alone."""
        return not all(bin.exact for bin in self._bins.values())

    @property
    def keys(self) -> Set[str]:
        """The keys that are kept as they are."""
        return frozenset().union(*(bin.keys for bin in self._bins.values()))

    def known(self, bin: int) -> Sketch:
        """The events of a bin."""
        return self._bins.get(bin) or Sketch()

    def add(self, key: str, time: int) -> None:
        """Remember an event, which was not known before, under its time."""
        self.update([(key, time)])

    def update(self, events: Iterable[tuple[str, int]]) -> None:
        """Remember some events, each by its key and time."""
        width, by_bin = self.bin_ms, dict[int, list[str]]()
        for key, time in events:
            by_bin.setdefault(time // width, []).append(key)
        for number, keys in by_bin.items():
            bin = self._bins.get(number)
            if bin is None:
                bin = self._bins[number] = Sketch(None)
            known = bin.keys
            fresh = [key for key in dict.fromkeys(keys) if key not in known]
            if not fresh:
                continue
            bin.update(fresh)
            self._changed(number)
            if bin.room is None:
                self._whole += len(fresh)
                self._trim()

    def _trim(self) -> None:
        while self._whole > self.limit:
            oldest = min(n for n, bin in self._bins.items() if bin.room is None)
            self._whole -= self._bins[oldest].count
            self._bins[oldest].condense()
            self._packed.pop(oldest, None)

    def _changed(self, bin: int) -> None:
        self._packed.pop(bin, None)
        self._tallies.pop(bin, None)

    def replace(self, bin: int, events: Sketch) -> None:
        """Take these for the events of a bin."""
        self._forget(bin)
        self._bins[bin] = events

    def settle(self, bin: int, tally: Tally) -> None:
        """All that a cluster has in a bin is known, and this is what it says of it."""
        self._tallies[bin] = tally

    def counted(self, there: Mapping[int, int]) -> None:
        """So many events each of some bins has, and all are known; what their sum is, is not."""
        for bin, count in there.items():
            self._tallies[bin] = Tally(count, UNSUMMED)

    def uncounted(self, start: int, end: int) -> dict[int, int]:
        """How many events are known in each bin between two times where bins begin, by its start.

        Of these bins it is not known any more what a cluster said.
        """
        first, last = self.bin(start), self.bin(end)
        for bin in [bin for bin in self._tallies if first <= bin < last]:
            del self._tallies[bin]
        return {bin * self.bin_ms: events.count for bin, events in self._bins.items()
                if first <= bin < last}  # fmt: skip

    def unsettled(self, found: Mapping[int, Tally]) -> list[int]:
        """The bins of which a cluster does not say what it said before, oldest first."""
        names = sorted({*found, *self._bins, *self._tallies})
        return [bin for bin in names if found.get(bin, NOTHING) != self._settled(bin)]

    def _settled(self, bin: int) -> Tally | None:
        return self._tallies.get(bin, None if bin in self._bins else NOTHING)

    def forget_before(self, mark: int) -> None:
        """Drop what a look at the overlap behind `mark` cannot meet again."""
        oldest = self.bin(self.edge(mark))
        for bin in sorted(b for b in {*self._bins, *self._tallies} if b < oldest):
            tally = self._tallies.get(bin)
            gone = self._forget(bin)
            if gone is None and tally and tally.events:
                gone = Sketch()  # none of its events was worth reading
            if gone is not None and self._dropped:
                # overwritten and deleted events are known, and the cluster does not count them
                absent = gone.count - tally.events if tally else 0
                self._dropped(bin * self.bin_ms, gone, absent)

    def _forget(self, bin: int) -> Sketch | None:
        gone = self._bins.pop(bin, None)
        if gone is not None and gone.room is None:
            self._whole -= gone.count
        self._changed(bin)
        return gone

    def dump(self) -> dict[str, Any]:
        """What is known as JSON: bins by their start (epoch ms), and their tallies."""
        for bin, events in self._bins.items():
            if bin not in self._packed:
                self._packed[bin] = events.dump()
        return {
            "bin": self.bin_ms,
            "events": {str(bin * self.bin_ms): text for bin, text in self._packed.items()},
            "tallies": {str(bin * self.bin_ms): list(t) for bin, t in self._tallies.items()},
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Take up what `dump` gave; nothing of bins of another length. Raises ValueError."""
        if int(dumped["bin"]) != self.bin_ms:
            return
        for start, text in dumped["events"].items():
            bin = self.bin(int(start))
            self._bins[bin] = Sketch.load(text, None)
            self._packed[bin] = text
        for start, (count, total) in dumped["tallies"].items():
            self._tallies[self.bin(int(start))] = Tally(int(count), int(total))
        self._whole = sum(bin.count for bin in self._bins.values() if bin.room is None)
        self._trim()
