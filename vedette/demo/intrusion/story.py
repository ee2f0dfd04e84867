"""A storyteller: keeps the clock and the truth about each event of the intrusion."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from vedette.demo.shapes import Document


@dataclass(frozen=True, slots=True)
class Truth:
    """What an event of the intrusion really is: the scene's step and its ATT&CK technique."""

    step: str
    technique: str


@dataclass(slots=True)
class Story:
    """The events told so far; `now` moves on a little with each."""

    rng: Random
    now: datetime
    events: list[tuple[datetime, Document, Truth]] = field(default_factory=list)

    def tell(self, step: str, technique: str, document: Document, pause: float = 20.0) -> None:
        """Add an event that happens now, then let up to `pause` seconds go by."""
        self.events.append((self.now, document, Truth(step, technique)))
        self.now += timedelta(seconds=self.rng.uniform(pause / 8, pause))
