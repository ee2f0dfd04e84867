"""Rule hits as the alerts that an analyst opens, the first one mattering most.

Rules alone: hits of a rule on a host within ten minutes are one alert; the gravest level first,
then the rarest rule. Models only: an anomaly is one alert. Grouped: an incident is one alert, of
rule hits, or of these and anomalies. None sees of which recording a hit is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from engine.incident.finding import Finding
from engine.incident.gather import ranked
from engine.incident.group import assign
from engine.incident.incident import Incident
from engine.incident.order import REPEATED
from engine.incident.rank import USUAL, Rarity, Weights
from engine.level import level_rank
from mitre.catalog import Catalog
from vedette.evaluate.hybrid.recordings import Hits
from vedette.evaluate.hybrid.scorers import Strange

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
    """All findings in incidents, and in which recordings those of each rule were met."""

    incidents: list[Incident]
    rarity: Rarity
    met: dict[tuple[str, str], frozenset[str]]
    """Incident and rule → the names of recordings."""
    named: dict[tuple[str, str, str], frozenset[str]]
    """Incident, rule and technique → the recordings of the findings that name or propose it."""

    def alerts(self, weights: Weights = USUAL, repeated: float = REPEATED) -> list[Claims]:
        """The incidents as alerts, ranked under some weights; what is told again loses so much."""
        return [
            tuple(
                Claim(t.id, t.tactics,
                      frozenset().union(
                          *(self.named[each.incident.id, rule, t.id] for rule in t.rules)))
                for t in each.standing.techniques
            )
            for each in ranked(self.incidents, self.rarity, weights, repeated)
        ]  # fmt: skip


def grouped(hits: Hits, strange: Sequence[Strange] = ()) -> Grouped:
    """Put the hits into incidents, and what models find strange beside them."""
    findings = [*hits.findings, *(each.finding for each in strange)]
    where = {identity: frozenset({name}) for identity, name in hits.where.items()}
    where |= {each.finding.id: each.recordings for each in strange}
    incidents = [i for i in assign(findings, (), "evaluate") if i.merged_into is None]
    home = {identity: i.id for i in incidents for identity in i.seen}
    met: dict[tuple[str, str], frozenset[str]] = {}
    named: dict[tuple[str, str, str], frozenset[str]] = {}
    for finding in findings:
        if finding.id in home:
            seen = where[finding.id]
            at = home[finding.id], finding.rule
            met[at] = met.get(at, frozenset()) | seen
            for step in (*finding.steps, *(each.step for each in finding.proposed)):
                named[(*at, step.id)] = named.get((*at, step.id), frozenset()) | seen
    return Grouped(incidents, Rarity.of(incidents), met, named)


def models_only(strange: Sequence[Strange]) -> list[Claims]:
    """Each anomaly as an alert, the strangest first, with what the mapper proposes."""
    order = sorted(strange, key=lambda each: (each.p, each.finding.start, each.finding.id))
    return [tuple(_proposed(each)) for each in order]


def _proposed(strange: Strange) -> Iterator[Claim]:
    """The techniques that an anomaly's alert lists, the surest first, sure enough or not."""
    catalog = Catalog.load()
    for each in strange.document["vedette"]["alert"]["attack"].get("candidates", ()):
        tactics = (catalog.tactic(name) for name in each["tactic"])
        yield Claim(each["id"], tuple(t.id for t in tactics if t), strange.recordings)


def in_time(findings: Iterable[Finding]) -> list[Finding]:
    """In the order of their events."""
    return sorted(findings, key=lambda finding: (finding.start, finding.id))


def _host(finding: Finding) -> str:
    return next((e.name for e in finding.entities if e.kind == "host"), "")
