"""A small summary of a set of keys, from which the few keys that came later can be told.

It is an invertible Bloom lookup table (Goodrich and Mitzenmacher 2011): each key is added to the
count and the sum of three cells that the key itself chooses. Subtract the summary of what was
there from that of what is there now, and only the difference is left; a cell with one key in it
is that key, which is then taken out of its other cells, and so on. Up to about twenty keys come
out of 40 cells, however large the sets are. When it does not come out even, it cannot be told,
and that is said; a key is never passed over, as every key changes the count of its cells.
Small sets are kept as they are.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Set
from itertools import islice
from struct import iter_unpack

CELLS = 40
SIZE = 12
"""Bytes of a key."""
FEW = 48
"""Keys up to which a set is kept whole."""
MOST = 10_000
"""Keys that may be told apart from a small set; beyond that they are not listed."""
AT_ONCE = 1000
"""Keys of a longer list that are put into cells at a time."""
_MODULUS = 1 << (8 * SIZE)
_PART = CELLS // 3
_LAST = CELLS - 2 * _PART


class Sketch:
    """The keys (12 bytes in base64, as `seen.key_of` makes them) that were added, each once.

    Up to `room` keys are kept as they are; None: all, until `condense` is called.
    """

    def __init__(self, room: int | None = FEW) -> None:
        self.count = 0
        self.room = room
        self._few: set[str] | None = set()
        self._counts: list[int] = []
        self._sums: list[int] = []

    def add(self, key: str) -> None:
        """Add a key that was not added before."""
        self.update((key,))

    def update(self, keys: Collection[str]) -> None:
        """Add some keys that differ, none of which was added before."""
        self.count += len(keys)
        if self._few is None:
            self._put(keys)
            return
        self._few.update(keys)
        if self.room is not None and len(self._few) > self.room:
            self._spill()

    def merge(self, other: Sketch) -> None:
        """Add all the keys of another, none of which was added before."""
        if other._few is not None:
            self.update(other._few)
            return
        if self._few is not None:
            self._spill()
        self.count += other.count
        for cell in range(CELLS):
            self._counts[cell] += other._counts[cell]
            self._sums[cell] = (self._sums[cell] + other._sums[cell]) % _MODULUS

    def condense(self) -> None:
        """Keep no more than a few keys as they are, from now on."""
        self.room = FEW
        if self._few is not None and len(self._few) > FEW:
            self._spill()

    @property
    def keys(self) -> Set[str]:
        """The keys that are kept as they are."""
        return self._few or frozenset()

    @property
    def exact(self) -> bool:
        """Whether that is all of them."""
        return self._few is not None

    def _spill(self) -> None:
        few, self._few = self._few or (), None
        self._counts, self._sums = [0] * CELLS, [0] * CELLS
        self._put(few)

    def _put(self, keys: Iterable[str]) -> None:
        """Have keys in their cells."""
        counts, sums = self._counts, self._sums
        # of one size, so that they are read as one text; what `_cells` says, without its call
        for high, low in iter_unpack(">IQ", urlsafe_b64decode("".join(keys))):
            number = high << 64 | low
            for cell in (
                (low & 0xFFFF) % _PART,
                _PART + (low >> 16 & 0xFFFF) % _PART,
                2 * _PART + (low >> 32 & 0xFFFF) % _LAST,
            ):
                counts[cell] += 1
                sums[cell] += number
        self._sums = [total % _MODULUS for total in sums]

    def added(self, now: Iterable[str]) -> set[str] | None:
        """The keys of `now` (each once) that were not added here; None when it cannot be told."""
        if self._few is not None:
            late: set[str] = set()
            for key in now:
                if key not in self._few:
                    late.add(key)
                    if len(late) > MOST:
                        return None
            return late
        current = Sketch()
        current._spill()
        rest = iter(now)
        while some := list(islice(rest, AT_ONCE)):
            current._put(some)
        counts = [a - b for a, b in zip(current._counts, self._counts, strict=True)]
        sums = [(a - b) % _MODULUS for a, b in zip(current._sums, self._sums, strict=True)]
        return _peeled(counts, sums)

    def dump(self) -> str:
        """As text: `k` and the keys, or `c`, the count and the cells."""
        if self._few is not None:
            return "k" + "".join(sorted(self._few))
        parts = (
            count.to_bytes(6, "big") + total.to_bytes(SIZE, "big")
            for count, total in zip(self._counts, self._sums, strict=True)
        )
        return f"c{self.count}." + urlsafe_b64encode(b"".join(parts)).decode("ascii")

    @classmethod
    def load(cls, text: str, room: int | None = FEW) -> Sketch:
        """What `dump` gave of one with as much room. Raises ValueError for anything else."""
        made = cls(room)
        width = SIZE // 3 * 4
        if text.startswith("k"):
            if (len(text) - 1) % width or (room is not None and len(text) > 1 + room * width):
                raise ValueError("keys of a sketch are cut off")
            for at in range(1, len(text), width):
                made.add(text[at : at + width])
            return made
        head, dot, cells = text.removeprefix("c").partition(".")
        data = urlsafe_b64decode(cells) if dot else b""
        step = 6 + SIZE
        if not head.isdecimal() or len(data) != CELLS * step:
            raise ValueError("cells of a sketch are cut off")
        made.count, made._few, made.room = int(head), None, FEW
        for at in range(0, len(data), step):
            made._counts.append(int.from_bytes(data[at : at + 6], "big"))
            made._sums.append(int.from_bytes(data[at + 6 : at + step], "big"))
        return made


def _peeled(counts: list[int], sums: list[int]) -> set[str] | None:
    """The keys with count 1 in a difference, when it comes out even."""
    late: set[str] = set()
    queue = list(range(CELLS))
    for _ in range(CELLS * 20):
        if not queue:
            break
        cell = queue.pop()
        sign, number = counts[cell], sums[cell]
        if abs(sign) != 1:
            continue
        number = number if sign == 1 else -number % _MODULUS
        cells = _cells(number)
        if cell not in cells:
            continue
        if sign == 1:
            late.add(urlsafe_b64encode(number.to_bytes(SIZE, "big")).decode("ascii"))
        for other in cells:
            counts[other] -= sign
            sums[other] = (sums[other] - sign * number) % _MODULUS
        queue += cells
    return late if not any(counts) and not any(sums) else None


def _cells(number: int) -> tuple[int, int, int]:
    """The cells of a key, one of each third: the key is a hash, so its own bits choose."""
    a, b, c = number & 0xFFFF, number >> 16 & 0xFFFF, number >> 32 & 0xFFFF
    return a % _PART, _PART + b % _PART, 2 * _PART + c % _LAST
