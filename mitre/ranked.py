"""What a mapper answers: techniques, how sure it is, and which texts speak for each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Near:
    """A known text of the technique that is like the one asked about; `similarity` in [0, 1]."""

    id: str
    title: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A technique that a text may show.

    `tactics` are shortnames in matrix order. `confidence` in [0, 1] is how often a technique with
    such evidence was right among the texts learned from, each left out in turn. `because` are the
    nearest texts with the technique, the nearest first; `source` is "mapper", "tags", or
    "mapper and incident", and then `alone` is the confidence without the incident.
    """

    technique: str
    name: str
    tactics: tuple[str, ...]
    confidence: float
    because: tuple[Near, ...] = ()
    source: str = "mapper"
    alone: float | None = None


@dataclass(frozen=True, slots=True)
class Likely:
    """A tactic that a text may be about, by its shortname; `confidence` in [0, 1]."""

    tactic: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mapper says of a text; techniques and tactics each with the likeliest first."""

    techniques: tuple[Ranked, ...] = ()
    tactics: tuple[Likely, ...] = ()


def tactic(ranked: tuple[Ranked, ...]) -> str | None:
    """The tactic that most of the confidence is for; of equal ones the first met."""
    mass: dict[str, float] = {}
    for each in ranked:
        for name in each.tactics:
            mass[name] = mass.get(name, 0.0) + each.confidence / len(each.tactics)
    return max(mass, key=mass.__getitem__) if mass else None
