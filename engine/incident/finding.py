"""What grouping reads of an alert document, whatever made it.

Nothing here raises on any JSON value: what is missing, or not of its type, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.incident.entity import Entity, entities_of
from engine.incident.read import entries, first, get, texts
from engine.incident.step import Proposed, Proposes, Step, candidates
from engine.level import LEVELS
from engine.moment import parse_time

PRIOR = {"stable": 0.9, "test": 0.75, "experimental": 0.5}
"""How far a rule is believed by its status, before any verdict."""
OTHERWISE = 0.6
"""The same where the status says nothing."""
GATHERED = frozenset({"capped"})
"""Kinds of alerts that speak of other alerts and are no part of a story."""
ANOMALY = "anomaly"
BORROWED = frozenset({"rule", "incident"})
"""Where an anomaly has techniques from that are said already: by the rules' own alerts."""
LONGEST = 256
"""Characters kept of an id or a title."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An alert as a part of a story.

    `start` and `end` are those of its events (UTC); `risk` is 0 to 100, `confidence` 0 to 1.
    `entities` are who and what it is about, `steps` its techniques, `tactics` maps ids to names,
    `proposed` are techniques that it may show besides.
    """

    id: str
    rule: str
    title: str
    kind: str
    level: str
    risk: float
    confidence: float
    start: datetime
    end: datetime
    entities: tuple[Entity, ...] = ()
    steps: tuple[Step, ...] = ()
    tactics: Mapping[str, str] | None = None
    proposed: tuple[Proposed, ...] = ()

    @property
    def weight(self) -> float:
        """The chance that this alone is an incident, as risk and confidence have it: 0 to 1."""
        return self.risk / 100 * self.confidence


def finding_of(document: Any, proposes: Proposes | None = None) -> Finding | None:
    """An alert document as a finding; None for one that is no part of a story or has no id.

    An alert whose events have no time is placed by when it was made. `proposes` says what else
    its rule may be about.
    """
    own = get(document, "vedette.alert")
    identity, kind = first(own, "id"), first(own, "kind") or "sigma"
    start = _time(document, "event.start", "vedette.alert.original_time", "event.created")
    if not identity or start is None or kind in GATHERED:
        return None
    end = _time(document, "event.end") or start
    tactics: dict[str, str] = {}
    steps = tuple(_steps(document, tactics))
    if kind == ANOMALY and first(own, "attack.source") in BORROWED:
        steps = ()
    rule = (first(document, "rule.uuid") or identity)[:LONGEST]
    return Finding(
        id=identity,
        rule=rule,
        title=(first(document, "rule.name") or first(document, "message"))[:LONGEST],
        kind=kind[:LONGEST],
        level=_level(first(own, "level")),
        risk=_number(get(document, "event.risk_score"), 0.0, 100.0, 0.0),
        confidence=_confidence(own),
        start=min(start, end),
        end=max(start, end),
        entities=entities_of(document),
        steps=steps,
        tactics=tactics,
        proposed=tuple(_proposed(document, kind, rule, steps, proposes)),
    )


def _proposed(
    document: Any, kind: str, rule: str, steps: Sequence[Step], proposes: Proposes | None
) -> Iterator[Proposed]:
    """What the finding may show besides what it names."""
    named = {step.id for step in steps}
    if kind == ANOMALY:
        borrowed = first(document, "vedette.alert.attack.source") in BORROWED
        found: Sequence[Proposed] = () if borrowed else candidates(document, LONGEST)
    else:
        found = proposes(rule) if proposes else ()
    yield from (each for each in found if each.step.id not in named)


def _level(name: str) -> str:
    return name if name in LEVELS else "medium"


def _time(document: Any, *paths: str) -> datetime | None:
    return next((t for path in paths if (t := parse_time(get(document, path)))), None)


def _confidence(own: Any) -> float:
    prior = PRIOR.get(first(own, "rule_status"), OTHERWISE)
    return _number(get(own, "confidence"), 0.0, 1.0, prior)


def _number(value: Any, low: float, high: float, otherwise: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return otherwise
    return float(min(max(value, low), high)) if value == value else otherwise  # NaN is not itself


def _steps(document: Any, tactics: dict[str, str]) -> Iterator[Step]:
    """The techniques of `threat`, each once; fills in the names of `tactics`."""
    claimed = {tag.upper() for tag in texts(document, "vedette.alert.tags")}
    found: dict[str, tuple[str, list[str]]] = {}
    for entry in entries(get(document, "threat")):
        here = dict(_pairs(get(entry, "tactic")))
        tactics.update(here)
        for identity, name in _techniques(entry, claimed):
            found.setdefault(identity, (name, []))[1].extend(here)
    yield from (Step(i, name, tuple(dict.fromkeys(t))) for i, (name, t) in found.items())


def _techniques(entry: Any, claimed: set[str]) -> Iterator[tuple[str, str]]:
    for listed in entries(get(entry, "technique")):
        below = dict(_pairs(get(listed, "subtechnique")))
        holding = {identity.partition(".")[0] for identity in below}
        for identity, name in _pairs(listed):
            # a parent that is listed only to hold its sub-technique was not claimed by the rule
            if identity not in holding or f"ATTACK.{identity}" in claimed:
                yield identity, name
        yield from below.items()


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    """(id, name) of each thing in an ECS object of parallel lists."""
    for entry in entries(value):
        names = texts(entry, "name")
        for at, identity in enumerate(texts(entry, "id")):
            yield identity[:LONGEST], (names[at] if at < len(names) else "")[:LONGEST]
