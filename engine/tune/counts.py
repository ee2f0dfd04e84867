"""How much the tuning has held back or changed, for logs, summaries and metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Matches and alerts since the start, by (what held them back, rule's title).

    A batch that is evaluated again is counted again; the actions stream counts it once.
    """

    excepted: Counter[tuple[str, str]] = field(default_factory=Counter)
    suppressed: Counter[tuple[str, str]] = field(default_factory=Counter)
    capped: Counter[tuple[str, str]] = field(default_factory=Counter)
    adjusted: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def held(self) -> int:
        """All that makes no alert."""
        return self.excepted.total() + self.suppressed.total() + self.capped.total()

    @property
    def told(self) -> int:
        """All that there is to tell."""
        return self.held + self.adjusted.total()

    def named(self) -> Iterator[tuple[str, Counter[tuple[str, str]]]]:
        """Each counter with its name."""
        yield "excepted", self.excepted
        yield "suppressed", self.suppressed
        yield "capped", self.capped
        yield "adjusted", self.adjusted

    def __str__(self) -> str:
        return ", ".join(f"{counter.total():,} {name}" for name, counter in self.named())
