"""What an incident is most probably about, and how much it should worry.

A technique is as certain as the parts that name it, put together as independent chances
(noisy-or): 1 - (1 - a)(1 - b)…. A part gives what its risk and confidence say, times how rare its
rule is among incidents, shared by the techniques that it names at once. A technique that most
incidents show tells little of any of them, how the code was run less than what it did, and a
sub-technique more than the whole technique. What a rule's text or an anomaly's events are like
speaks for a technique too, with a share of its confidence; and what speaks for a technique speaks a
little for its family. `Weights` says how much each of these counts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.incident.incident import Incident, Part
from engine.incident.step import Step

EXECUTION = "TA0002"
MOST = 0.99
"""No part, and no technique of a part, is more certain than this."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What the ranking of techniques goes by.

    `execution`: what a technique counts that is of the tactic Execution alone; `precise`: what a
    sub-technique counts; `rare_rule` and `rare_technique`: the power of how rare it is;
    `proposed`: what a technique counts that is only proposed, beside one that is named; `kin`: what
    the certainty of a parent, or of another part of it, counts. How they were chosen, and what
    others give, is in docs/incidents.md.
    """

    execution: float = 0.5
    precise: float = 2.0
    rare_rule: float = 1.0
    rare_technique: float = 1.0
    proposed: float = 0.25
    kin: float = 0.2


USUAL = Weights()


@dataclass(slots=True)
class Rarity:
    """In how many incidents each rule and each technique has been met."""

    incidents: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    techniques: Counter[str] = field(default_factory=Counter)
    _counted: dict[str, tuple[set[str], set[str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, incidents: Iterable[Incident]) -> Rarity:
        """As some incidents have them; those that were merged away are not counted."""
        found = cls()
        for incident in incidents:
            if incident.merged_into is None:
                found.add(incident)
        return found

    def add(self, incident: Incident) -> None:
        """Count an incident."""
        rules, techniques = set(incident.parts), _techniques(incident)
        self.incidents += 1
        self.rules.update(rules)
        self.techniques.update(techniques)

    def renew(self, incident: Incident) -> None:
        """Count an incident as it is now, in the place of what it was counted as before."""
        if before := self._counted.pop(incident.id, None):
            self.incidents -= 1
            self.rules.subtract(before[0])
            self.techniques.subtract(before[1])
        if incident.merged_into is None:
            self._counted[incident.id] = (set(incident.parts), _techniques(incident))
            self.add(incident)

    def rule(self, rule: str) -> float:
        """How rare a rule is: 1 where it was met in one incident, near 0 where in all."""
        return self._rare(self.rules[rule])

    def technique(self, technique: str) -> float:
        """The same of a technique."""
        return self._rare(self.techniques[technique])

    def _rare(self, count: int) -> float:
        if count <= 1:
            return 1.0
        return 1 - math.log(min(count, self.incidents)) / math.log(self.incidents + 1)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A technique of an incident, how certain it is (0 to 1), and the rules that speak for it.

    `named` says whether one of them names it, or it is only proposed.
    """

    id: str
    name: str
    tactics: tuple[str, ...]
    certainty: float
    rules: tuple[str, ...]
    named: bool = True

    @property
    def source(self) -> str:
        """Who says so: "rule" where a finding names it, "mapper" where texts are like it."""
        return "rule" if self.named else "mapper"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an incident stands: its techniques, the most certain first, and its risk, 0 to 100.

    `leading` are its rules, those that weigh most first: rare ones before those that speak always.
    """

    techniques: tuple[Ranked, ...]
    risk: float
    leading: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[float, float]:
        """What incidents are sorted by, the largest first: how certain it is what it is, then risk.

        Certainties are rounded to tenths: less of a difference means nothing.
        """
        first = self.techniques[0].certainty if self.techniques else 0.0
        return (round(first, 1), self.risk)

    @property
    def worth(self) -> float:
        """The same as one number, from 0: a tenth of certainty is more than any risk."""
        first, risk = self.order
        return first + risk / 10_000


def standing(incident: Incident, rarity: Rarity, weights: Weights = USUAL) -> Standing:
    """Rank an incident's techniques and weigh its risk."""
    apart: dict[str, float] = {}
    about: dict[str, tuple[Step, list[str]]] = {}
    named: set[str] = set()
    for part in incident.parts.values():
        named.update(step.id for step in part.steps)
        for step, certain in _certainties(part, rarity, weights):
            apart[step.id] = apart.get(step.id, 1.0) * (1 - certain)
            about.setdefault(step.id, (step, []))[1].append(part.rule)
    apart = _with_kin(apart, weights.kin)
    ranked = [
        Ranked(
            step.id, step.name, step.tactics, 1 - apart[identity], tuple(rules), identity in named
        )
        for identity, (step, rules) in about.items()
    ]
    ranked.sort(key=lambda each: (-each.certainty, each.id))
    return Standing(tuple(ranked), risk(incident, rarity), leading(incident, rarity))


def leading(incident: Incident, rarity: Rarity) -> tuple[str, ...]:
    """An incident's rules, those that weigh most first."""
    parts = incident.parts.values()
    order = sorted(parts, key=lambda p: (-p.weight * rarity.rule(p.rule), p.first, p.rule))
    return tuple(part.rule for part in order)


def risk(incident: Incident, rarity: Rarity) -> float:
    """Its parts' risks as independent chances, a rare rule's in full: 0 to 100.

    A rule counts once, however often it was met: repeating itself makes no story graver.
    """
    apart = 1.0
    for part in incident.parts.values():
        apart *= 1 - min(MOST, part.weight * rarity.rule(part.rule))
    return 100 * (1 - apart)


def _techniques(incident: Incident) -> set[str]:
    return {step.id for part in incident.parts.values() for step in part.steps}


def _certainties(part: Part, rarity: Rarity, weights: Weights) -> Iterator[tuple[Step, float]]:
    """What a part says of each technique that it names, then of those proposed for it."""
    own = part.weight * rarity.rule(part.rule) ** weights.rare_rule
    share = own / math.sqrt(max(1, len(part.steps)))
    for step in part.steps:
        yield step, min(MOST, share * _counts(step, rarity, weights))
    named = {step.id for step in part.steps}
    for each in part.proposed if weights.proposed else ():
        if each.step.id not in named:
            sure = own * each.confidence * weights.proposed
            yield each.step, min(MOST, sure * _counts(each.step, rarity, weights))


def _counts(step: Step, rarity: Rarity, weights: Weights) -> float:
    """What a technique counts, whoever speaks for it."""
    counts = rarity.technique(step.id) ** weights.rare_technique
    if step.tactics and set(step.tactics) == {EXECUTION}:
        counts *= weights.execution
    return float(counts * weights.precise if "." in step.id else counts)


def _with_kin(apart: Mapping[str, float], kin: float) -> dict[str, float]:
    """What speaks against each technique, with what its family says for it."""
    families: dict[str, list[str]] = {}
    for identity in apart:
        families.setdefault(identity.partition(".")[0], []).append(identity)
    return {
        identity: against
        * math.prod(
            1 - kin * (1 - apart[other])
            for other in families[identity.partition(".")[0]]
            if other != identity
        )
        for identity, against in apart.items()
    }
