"""Rule hits as the alerts that an analyst opens, the first one mattering most.

Rules alone: hits of a rule on a host within ten minutes are one alert; the gravest level first,
then the rarest rule. Grouped: an incident is one alert. Neither sees of which recording a hit is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from engine.incident.finding import Finding
from engine.incident.gather import ranked
from engine.incident.group import assign
from engine.incident.incident import Incident
from engine.incident.rank import USUAL, Rarity, Weights
from engine.level import level_rank
from vedette.evaluate.hybrid.recordings import Hits

TOGETHER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Claim:
    """A technique that an alert names, its tactics, and the recordings in which it was seen."""

    technique: str
    tactics: tuple[str, ...]
    recordings: frozenset[str]


Claims = tuple[Claim, ...]
"""What an alert says, the most certain technique first."""


def rules_alone(hits: Hits) -> list[Claims]:
    """The alerts of rules without grouping, ranked; techniques in the order of their ids."""
    found: list[list[Finding]] = []
    last: dict[tuple[str, str], list[Finding]] = {}
    for finding in in_time(hits.findings):
        key = (finding.rule, _host(finding))
        together = last.get(key)
        if together is None or finding.start - together[0].start > TOGETHER:
            together = last[key] = []
            found.append(together)
        together.append(finding)
    often = Counter(together[0].rule for together in found)
    found.sort(key=lambda each: (-level_rank(each[0].level), often[each[0].rule],
                                 each[0].start, each[0].id))  # fmt: skip
    return [_of_rule(each, hits.where) for each in found]


def _of_rule(findings: Sequence[Finding], where: dict[str, str]) -> Claims:
    seen = frozenset(where[finding.id] for finding in findings)
    steps = sorted(findings[0].steps, key=lambda step: step.id)
    return tuple(Claim(step.id, step.tactics, seen) for step in steps)


@dataclass(frozen=True, slots=True)
class Grouped:
    """All findings in incidents, and in which recordings each rule of an incident was met."""

    incidents: list[Incident]
    rarity: Rarity
    met: dict[tuple[str, str], frozenset[str]]
    """Incident and rule → the names of recordings."""

    def alerts(self, weights: Weights = USUAL) -> list[Claims]:
        """The incidents as alerts, ranked under some weights."""
        return [
            tuple(
                Claim(t.id, t.tactics,
                      frozenset().union(*(self.met[each.incident.id, rule] for rule in t.rules)))
                for t in each.standing.techniques
            )
            for each in ranked(self.incidents, self.rarity, weights)
        ]  # fmt: skip


def grouped(hits: Hits) -> Grouped:
    """Put the hits into incidents."""
    incidents = [i for i in assign(hits.findings, (), "evaluate") if i.merged_into is None]
    home = {identity: i.id for i in incidents for identity in i.seen}
    met: dict[tuple[str, str], set[str]] = {}
    for finding in hits.findings:
        if finding.id in home:
            where = met.setdefault((home[finding.id], finding.rule), set())
            where.add(hits.where[finding.id])
    return Grouped(
        incidents, Rarity.of(incidents), {key: frozenset(names) for key, names in met.items()}
    )


def in_time(findings: Iterable[Finding]) -> list[Finding]:
    """In the order of their events."""
    return sorted(findings, key=lambda finding: (finding.start, finding.id))


def _host(finding: Finding) -> str:
    return next((e.name for e in finding.entities if e.kind == "host"), "")
