"""Findings to incidents: what is about the same host, user or address, close in time, is one story.

How strongly a finding hangs together with an incident is a number from 0 to 1: what they share,
halved for every `HALF_LIFE` between them, and less where the story would go backwards through
ATT&CK's tactics. From `ENOUGH` on it belongs to it. So on one host half an hour may pass; a user
ties hosts together for twenty minutes, an address for eight. What many hosts have in common, the
account of an administrator or the address of a resolver, ties nothing.

These numbers are fixed, and were not chosen on labelled data: half an hour is the pause after
which logs of use are by custom cut into sessions.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from engine.incident.entity import ADDRESS, HOST, USER, Entity
from engine.incident.finding import Finding
from engine.incident.incident import Incident

TIES = {HOST: 1.0, USER: 0.8, ADDRESS: 0.6}
"""How strongly sharing one of these ties; other kinds are told and do not tie."""
HALF_LIFE = timedelta(minutes=30)
ENOUGH = 0.5
BACKWARDS = 0.8
"""Of the strength, what is left where all of a finding's tactics come before the incident's."""
HUB = 5
"""A user or an address on more hosts than this ties nothing."""
LONGEST = timedelta(hours=24)
"""An incident takes in nothing that begins later than this after its start."""
MOST_NEAR = 64
"""Incidents about one entity that are looked at, those that ended last."""
MOST_KNOWN = 200_000
"""Findings of which is known at once that they are in an incident already."""
SCHEMA = "1"
"""Part of every incident's id."""


def incident_id(namespace: str, finding: str) -> str:
    """The id of the incident that begins with a finding."""
    text = json.dumps([SCHEMA, namespace, "incident", finding])
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def span_of(findings: Sequence[Finding]) -> tuple[datetime, datetime]:
    """The times between which an incident must have been to take in any of some findings."""
    start = min(finding.start for finding in findings)
    return _less(start, HALF_LIFE), _more(max(finding.end for finding in findings), HALF_LIFE)


def ties(findings: Iterable[Finding]) -> set[Entity]:
    """The entities by which incidents of some findings are found."""
    return {entity for finding in findings for entity in finding.entities if entity.kind in TIES}


def assign(
    findings: Iterable[Finding], known: Iterable[Incident], namespace: str
) -> list[Incident]:
    """Put each finding into an incident; those that changed, the earliest first.

    `known` are the incidents that `ties` and `span_of` find, and is changed. A finding that is
    in one already changes nothing. Where one belongs to several incidents they become one, the
    earliest. Findings are taken in the order of their times, however they come.
    """
    shelf = Shelf(known)
    changed: dict[str, Incident] = {incident.id: incident for incident in shelf.healed}
    for finding in sorted(findings, key=lambda f: (f.start, f.id)):
        for incident in shelf.take(finding, namespace):
            changed[incident.id] = incident
    return sorted(changed.values(), key=lambda i: (i.start, i.id))


class Shelf:
    """Incidents by what they are about, to put findings into."""

    def __init__(self, known: Iterable[Incident]) -> None:
        self._by_entity: dict[Entity, dict[str, Incident]] = {}
        self._by_finding: OrderedDict[str, None] = OrderedDict()
        known = list(known)
        self.healed = list(_healed(known))
        """Incidents that have taken in only now what had become part of them."""
        for incident in known:
            if incident.merged_into is None:
                self._put(incident, incident.entities)
                self._remember(incident.seen)

    def take(self, finding: Finding, namespace: str) -> Iterator[Incident]:
        """Put a finding into an incident; the one that took it, then those that merged into it."""
        if finding.id in self._by_finding:
            return
        found = sorted(self._fitting(finding), key=lambda i: (i.start, i.id))
        if not found:
            identity = incident_id(namespace, finding.id)
            found = [Incident(identity, finding.start, finding.end)]
        home, *others = found
        home.add(finding)
        for other in others:
            home.absorb(other)
            self._drop(other)
        self._put(home, (*finding.entities, *(e for other in others for e in other.entities)))
        self._remember((finding.id,))
        yield from found

    def _fitting(self, finding: Finding) -> Iterator[Incident]:
        near: dict[str, Incident] = {}
        shared: dict[str, float] = {}
        for entity in finding.entities:
            around = self._near(entity, finding)
            if not around or _is_hub(entity, finding, around):
                continue
            near.update({incident.id: incident for incident in around})
            for incident in around:
                apart = shared.get(incident.id, 1.0)
                shared[incident.id] = apart * (1 - TIES[entity.kind])
        for identity, apart in shared.items():
            if strength(near[identity], finding, 1 - apart) >= ENOUGH:
                yield near[identity]

    def _near(self, entity: Entity, finding: Finding) -> list[Incident]:
        """Incidents about an entity that are close enough in time, by any strength."""
        if entity.kind not in TIES:
            return []
        with_it = self._by_entity.get(entity, {})
        return [each for each in with_it.values() if apart(each, finding) <= HALF_LIFE]

    def _put(self, incident: Incident, entities: Iterable[Entity]) -> None:
        for entity in entities:
            if entity.kind in TIES:
                held = self._by_entity.setdefault(entity, {})
                held[incident.id] = incident
                if len(held) > MOST_NEAR:
                    del held[min(held, key=lambda identity: held[identity].end)]

    def _remember(self, findings: Iterable[str]) -> None:
        self._by_finding.update(dict.fromkeys(findings))
        while len(self._by_finding) > MOST_KNOWN:
            self._by_finding.popitem(last=False)

    def _drop(self, incident: Incident) -> None:
        for entity in incident.entities:
            self._by_entity.get(entity, {}).pop(incident.id, None)


def _healed(known: Sequence[Incident]) -> Iterator[Incident]:
    """Take up what said that it is part of another before that one knew: a crash lay between."""
    homes = {incident.id: incident for incident in known}
    for incident in known:
        home = homes.get(incident.merged_into or "")
        if home is not None and home is not incident and incident.id not in home.merged:
            home.absorb(incident)
            yield home


def strength(incident: Incident, finding: Finding, shared: float) -> float:
    """How strongly a finding belongs to an incident with which it shares so much: 0 to 1."""
    if finding.start - incident.start > LONGEST:
        return 0.0
    order = 1.0 if goes_on(incident, finding) else BACKWARDS
    return float(shared * order * 0.5 ** (apart(incident, finding) / HALF_LIFE))


def apart(incident: Incident, finding: Finding) -> timedelta:
    """The time between a finding and an incident, none where they overlap."""
    gap = max(finding.start - incident.end, incident.start - finding.end)
    return max(gap, timedelta())


def goes_on(incident: Incident, finding: Finding) -> bool:
    """Whether a finding may follow: not all its tactics come before all of the incident's."""
    theirs = [PLACES[t] for t in incident.tactics if t in PLACES]
    own = [PLACES[t] for t in finding.tactics or () if t in PLACES]
    if not own or not theirs or finding.start < incident.start:
        return True
    return max(own) >= min(theirs)


def _is_hub(entity: Entity, finding: Finding, around: Sequence[Incident]) -> bool:
    if entity.kind == HOST:
        return False
    hosts = {e for e in finding.entities if e.kind == HOST}
    hosts |= {e for incident in around for e in incident.entities if e.kind == HOST}
    return len(hosts) > HUB


def _less(time: datetime, span: timedelta) -> datetime:
    return time - span if time.replace(tzinfo=None) - datetime.min > span else time


def _more(time: datetime, span: timedelta) -> datetime:
    return time + span if datetime.max - time.replace(tzinfo=None) > span else time


TACTICS = (
    "TA0043", "TA0042", "TA0001", "TA0002", "TA0003", "TA0004", "TA0005", "TA0112", "TA0006",
    "TA0007", "TA0008", "TA0009", "TA0011", "TA0010", "TA0040",
)  # fmt: skip
"""The tactics in the matrix's order."""
PLACES = {tactic: place for place, tactic in enumerate(TACTICS)}
