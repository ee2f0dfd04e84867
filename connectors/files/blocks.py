"""Small tools over an iterator of byte blocks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain


def peek(blocks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first `size` bytes (fewer at the end), and an iterator over all, these included."""
    head = b""
    while len(head) < size and (block := next(blocks, None)) is not None:
        head += block
    return head[:size], chain([head], blocks) if head else blocks


class Exact:
    """Takes pieces of given sizes from blocks of any size."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._held = blocks, b""

    def take(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        parts = [self._held]
        have = len(self._held)
        while have < size and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            have += len(block)
        data = b"".join(parts)
        self._held = data[size:]
        return data[:size]
