"""Techniques as findings name them: by tags, or as somebody proposes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.incident.read import entries, first, get, texts
from mitre.catalog import Catalog

MOST_PROPOSED = 5
"""Techniques that are proposed for one finding, the surest ones."""


@dataclass(frozen=True, slots=True)
class Step:
    """A technique (the sub-technique where there is one) with the tactics that it was named under.

    `tactics` are ids, in the order of the matrix.
    """

    id: str
    name: str
    tactics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposed:
    """A technique that nobody named, and how sure of it is who proposes it: 0 to 1."""

    step: Step
    confidence: float


Proposes = Callable[[str], Sequence[Proposed]]
"""What else a rule, by its id, may be about than its tags say; nothing for an unknown one."""


def step_of(technique: str, name: str, tactics: Iterable[str]) -> Step:
    """A technique with tactics by any name that ATT&CK has for them."""
    catalog = Catalog.load()
    return Step(technique, name, tuple(t.id for n in tactics if (t := catalog.tactic(n))))


def candidates(document: Any, longest: int) -> tuple[Proposed, ...]:
    """What the alert document of an anomaly lists as proposed, the surest first."""
    return together((), _listed(document, longest))


def _listed(document: Any, longest: int) -> Iterator[Proposed]:
    for entry in entries(get(document, "vedette.alert.attack.candidates")):
        sure = get(entry, "confidence")
        if (identity := first(entry, "id")[:longest]) and isinstance(sure, int | float):
            step = step_of(identity, first(entry, "name")[:longest], texts(entry, "tactic"))
            yield Proposed(step, float(min(max(sure, 0), 1)) if sure == sure else 0.0)


def together(some: Iterable[Proposed], more: Iterable[Proposed]) -> tuple[Proposed, ...]:
    """The surest of both, each technique once."""
    found: dict[str, Proposed] = {}
    for each in (*some, *more):
        known = found.get(each.step.id)
        if known is None or each.confidence > known.confidence:
            found[each.step.id] = each
    order = sorted(found.values(), key=lambda each: (-each.confidence, each.step.id))
    return tuple(order[:MOST_PROPOSED])
