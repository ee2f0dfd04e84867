"""An incident: findings of one story, added up. The record that a store keeps of it.

What it holds is bounded, however much is alerted: parts are added up by rule, entities beyond a
limit are only counted, and the ids of findings are kept for as long as one may come a second time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.incident.entity import HOST, KINDS, USER, Entity
from engine.incident.finding import Finding
from engine.incident.step import Proposed, Step, together
from engine.level import level_rank

MOST_PARTS = 256
"""Rules and models that an incident tells apart; findings of others are counted."""
MOST_ENTITIES = 512
"""Entities that an incident remembers, the first ones."""
MOST_TIES = 2048
"""Pairs of a rule and an entity that are remembered, the first ones."""
MOST_SEEN = 5000
"""Ids of findings that are remembered, the latest: enough for a batch that is given again."""


@dataclass(slots=True)
class Part:
    """What one rule or model found, in all its findings of an incident.

    `finding` is the id of the first, by which an analyst opens it.
    """

    rule: str
    title: str
    kind: str
    level: str
    risk: float
    confidence: float
    first: datetime
    last: datetime
    finding: str
    count: int = 0
    steps: tuple[Step, ...] = ()
    proposed: tuple[Proposed, ...] = ()

    @property
    def weight(self) -> float:
        """The chance that this part alone is an incident: 0 to 1."""
        return self.risk / 100 * self.confidence

    def add(self, finding: Finding) -> None:
        """One more finding of the same rule; the gravest says how grave it is."""
        self.count += 1
        self._widen(finding.start, finding.end, finding.id)
        self._grave(finding.level, finding.risk, finding.confidence)
        self.steps = _together(self.steps, finding.steps)
        self.proposed = together(self.proposed, finding.proposed)

    def join(self, other: Part) -> None:
        """All that another part of the same rule holds."""
        self.count += other.count
        self._widen(other.first, other.last, other.finding)
        self._grave(other.level, other.risk, other.confidence)
        self.steps = _together(self.steps, other.steps)
        self.proposed = together(self.proposed, other.proposed)

    def _widen(self, start: datetime, end: datetime, finding: str) -> None:
        if (start, finding) < (self.first, self.finding):
            self.first, self.finding = start, finding
        self.last = max(self.last, end)

    def _grave(self, level: str, risk: float, confidence: float) -> None:
        if level_rank(level) > level_rank(self.level):
            self.level = level
        if risk * confidence > self.risk * self.confidence:
            self.risk, self.confidence = risk, confidence


def part_of(finding: Finding) -> Part:
    """The part that a first finding makes."""
    return Part(
        finding.rule, finding.title, finding.kind, finding.level, finding.risk,
        finding.confidence, finding.start, finding.end, finding.id, 1, finding.steps,
        finding.proposed,
    )  # fmt: skip


def _together(steps: Sequence[Step], more: Iterable[Step]) -> tuple[Step, ...]:
    return tuple({step.id: step for step in (*steps, *more)}.values())


@dataclass(slots=True)
class Incident:
    """Findings of one story. Its id is given by its first finding and never changes.

    `entities` counts findings by entity, `ties` by rule and entity, `tactics` maps ids to names,
    `more` counts findings of rules beyond `MOST_PARTS`. `merged` names the incidents that were
    found to be the same story, `merged_into` the one that this has become part of: it then takes in
    nothing more.
    """

    id: str
    start: datetime
    end: datetime
    parts: dict[str, Part] = field(default_factory=dict)
    entities: dict[Entity, int] = field(default_factory=dict)
    ties: dict[tuple[str, Entity], int] = field(default_factory=dict)
    tactics: dict[str, str] = field(default_factory=dict)
    seen: OrderedDict[str, None] = field(default_factory=OrderedDict)
    findings: int = 0
    more: int = 0
    merged: list[str] = field(default_factory=list)
    merged_into: str | None = None

    def add(self, finding: Finding) -> bool:
        """Take in a finding; False for one that is in already."""
        if finding.id in self.seen:
            return False
        self._remember(finding.id)
        self.findings += 1
        self.start, self.end = min(self.start, finding.start), max(self.end, finding.end)
        if part := self.parts.get(finding.rule):
            part.add(finding)
        elif len(self.parts) < MOST_PARTS:
            self.parts[finding.rule] = part_of(finding)
        else:
            self.more += 1
        for entity in finding.entities:
            self._meet(entity, 1)
            self._tie((finding.rule, entity), 1)
        self.tactics.update(finding.tactics or {})
        return True

    def absorb(self, other: Incident) -> None:
        """Take in another incident, which from now on only points here."""
        for identity in other.seen:
            self._remember(identity)
        for rule, part in other.parts.items():
            if own := self.parts.get(rule):
                own.join(part)
            elif len(self.parts) < MOST_PARTS:
                self.parts[rule] = part
            else:
                self.more += part.count
        for entity, count in other.entities.items():
            self._meet(entity, count)
        for tie, count in other.ties.items():
            self._tie(tie, count)
        self.tactics.update(other.tactics)
        self.findings, self.more = self.findings + other.findings, self.more + other.more
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.merged += [other.id, *other.merged]
        other.merged_into = self.id

    def names(self, kind: str) -> list[str]:
        """The entities of a kind by name, the most often found first."""
        found = [(-count, e.name) for e, count in self.entities.items() if e.kind == kind]
        return [name for _, name in sorted(found)]

    @property
    def hosts(self) -> list[str]:
        """The hosts, the most often found first."""
        return self.names(HOST)

    @property
    def users(self) -> list[str]:
        """The users, the most often found first."""
        return self.names(USER)

    @property
    def level(self) -> str:
        """The gravest level of its parts."""
        levels = (part.level for part in self.parts.values())
        return max(levels, key=level_rank, default="informational")

    def _remember(self, identity: str) -> None:
        self.seen[identity] = None
        while len(self.seen) > MOST_SEEN:
            self.seen.popitem(last=False)  # a plain dict would look for its first key each time

    def _meet(self, entity: Entity, count: int) -> None:
        if entity in self.entities or len(self.entities) < MOST_ENTITIES:
            self.entities[entity] = self.entities.get(entity, 0) + count

    def _tie(self, tie: tuple[str, Entity], count: int) -> None:
        known = tie in self.ties
        if known or (
            len(self.ties) < MOST_TIES and tie[0] in self.parts and tie[1] in self.entities
        ):
            self.ties[tie] = self.ties.get(tie, 0) + count


def by_kind(incident: Incident) -> Mapping[str, list[str]]:
    """The names of its entities by kind, kinds that it has none of left out."""
    found = {kind: incident.names(kind) for kind in KINDS}
    return {kind: names for kind, names in found.items() if names}
