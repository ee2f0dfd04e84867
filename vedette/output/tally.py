"""Counting names from events without letting an attacker choose how much memory that takes."""

from __future__ import annotations

from collections import Counter

LONGEST = 200
"""Names are kept to this many characters."""


class Tally:
    """Counts names up to `keep` different ones; later new names only set `full`."""

    def __init__(self, keep: int) -> None:
        self.keep = keep
        self.full = False
        self.counts: Counter[str] = Counter()

    def add(self, name: str) -> None:
        """Count one more of `name`; the empty name is nobody."""
        name = name[:LONGEST]
        if not name:
            return
        if name in self.counts or len(self.counts) < self.keep:
            self.counts[name] += 1
        else:
            self.full = True

    def top(self, most: int) -> list[tuple[str, int]]:
        """The most frequent names, ties in alphabetical order."""
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:most]

    def __len__(self) -> int:
        return len(self.counts)

    def __str__(self) -> str:
        return f"{len(self.counts):,}+" if self.full else f"{len(self.counts):,}"
