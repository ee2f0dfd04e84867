"""A window that is strange to a model, with what an alert says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.level import level_rank
from engine.score.model import Model
from engine.score.window import Hit, Sample
from models.base import Reason
from models.bundle.bundle import Scored


@dataclass(frozen=True, slots=True)
class Anomaly:
    """`entity` is `field=value`; times are seconds since 1970, those of the window and of its
    first and last event. `events` counts all, those too that were over a bound.
    """

    model: Model
    entity: str
    start: float
    end: float
    first: float
    last: float
    events: int
    scored: Scored
    threshold: float
    reasons: tuple[Reason, ...]
    hits: tuple[Hit, ...]
    """Rules that matched in the window, the gravest first."""
    samples: tuple[Sample, ...]
    """Some of its events, in the order of time."""
    new: tuple[str, ...] = ()
    """Kinds of its events that the model never saw, in words."""
    neighbours: tuple[str, ...] = ()
    """Techniques that rules named of the same entity around that time."""

    @property
    def field(self) -> str:
        """The ECS field that names the entity; `origin` where the events name none."""
        return self.entity.partition("=")[0]

    @property
    def value(self) -> str:
        """The entity's name, in lower case."""
        return self.entity.partition("=")[2]

    @property
    def corroborating(self) -> tuple[Hit, ...]:
        """Rules of level low and above that matched in it."""
        return tuple(hit for hit in self.hits if hit.rank >= level_rank("low"))

    @property
    def strange(self) -> bool:
        """Whether it is an anomaly even if no rule matched."""
        return self.scored.p <= self.threshold


class Near(Protocol):
    """A known text that is like the anomaly; `mitre.ranked` has such."""

    @property
    def title(self) -> str:
        """What it is called."""
        ...

    @property
    def similarity(self) -> float:
        """How like it is, in [0, 1]."""
        ...


class Ranked(Protocol):
    """A technique that a mapper proposes; `mitre.ranked` has such."""

    @property
    def technique(self) -> str:
        """Its id, such as `T1059.001`."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def tactics(self) -> tuple[str, ...]:
        """Short names of its tactics, in the matrix's order."""
        ...

    @property
    def confidence(self) -> float:
        """How likely it is right, calibrated, in [0, 1]."""
        ...

    @property
    def because(self) -> Sequence[Near]:
        """The texts that speak for it, the nearest first."""
        ...

    @property
    def alone(self) -> float | None:
        """The confidence without the anomaly's neighbours; None where these had no say."""
        ...


@dataclass(frozen=True, slots=True)
class Proposed:
    """What an anomaly may be: techniques, the likeliest first, and the likeliest tactic.

    `tactic` is its short name, `sure` how likely it is right, calibrated, in [0, 1].
    """

    techniques: Sequence[Ranked] = ()
    tactic: str = ""
    sure: float = 0.0


Proposes = Callable[[Anomaly], Proposed]
"""What an anomaly may be; empty where nothing is alike."""
