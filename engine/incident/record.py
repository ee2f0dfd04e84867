"""An incident as the document that a store keeps, and back.

The document is for people and searches as well: titles, the story, names of hosts and users and
where it stands are made anew at every write, and not read back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.errors import StateError
from engine.incident.entity import Entity
from engine.incident.incident import Incident, Part, by_kind
from engine.incident.rank import Standing
from engine.incident.step import Proposed, Step
from engine.incident.words import chain, story, title
from engine.moment import iso, parse_time
from engine.ports import Document

VERSION = 1
SHOWN = 10
"""Techniques that a document ranks."""


def document_of(
    incident: Incident, standing: Standing, namespace: str, now: datetime
) -> dict[str, Any]:
    """The record of an incident, written at `now`."""
    return {
        "@timestamp": iso(now),
        "version": VERSION,
        "id": incident.id,
        "namespace": namespace,
        "status": "merged" if incident.merged_into else "open",
        "title": title(incident, standing),
        "level": incident.level,
        "risk_score": round(standing.risk, 2),
        "start": iso(incident.start),
        "end": iso(incident.end),
        "findings": incident.findings,
        "more": incident.more,
        "keys": sorted(str(entity) for entity in incident.entities),
        "about": dict(by_kind(incident)),
        "tactics": [{"id": t, "name": name} for t, name in incident.tactics.items()],
        "chain": chain(incident),
        "techniques": [
            {"id": t.id, "name": t.name, "certainty": round(t.certainty, 4), "source": t.source}
            for t in standing.techniques[:SHOWN]
        ],
        "story": story(incident, standing),
        "parts": [_part(part) for part in incident.parts.values()],
        "entities": [[e.kind, e.name, count] for e, count in incident.entities.items()],
        "ties": _ties(incident),
        "seen": list(incident.seen),
        "merged": list(incident.merged),
        "merged_into": incident.merged_into,
    }


def incident_of(document: Document) -> Incident:
    """The incident that a record is of. Raises `StateError` for one that is no record."""
    try:
        if document["version"] != VERSION:
            raise StateError(
                f"an incident of another version: {document['version']!r}",
                expected=f"version {VERSION}",
            )
        entities = {Entity(str(k), str(n)): int(count) for k, n, count in document["entities"]}
        rules, named = [str(p["rule"]) for p in document["parts"]], list(entities)
        return Incident(
            id=str(document["id"]),
            start=_time(document["start"]),
            end=_time(document["end"]),
            parts={str(p["rule"]): _read_part(p) for p in document["parts"]},
            entities=entities,
            ties={
                (rules[part], named[entity]): int(count)
                for part, entity, count in document.get("ties", ())  # records of before have none
            },
            tactics={str(t["id"]): str(t["name"]) for t in document["tactics"]},
            seen=OrderedDict.fromkeys(str(identity) for identity in document["seen"]),
            findings=int(document["findings"]),
            more=int(document["more"]),
            merged=[str(identity) for identity in document["merged"]],
            merged_into=str(document["merged_into"]) if document["merged_into"] else None,
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise StateError(
            "an incident that cannot be read", expected="what Vedette wrote"
        ) from error


def _ties(incident: Incident) -> list[list[int]]:
    """Each as the places of its part and its entity in the record, and how often it came."""
    parts = {rule: at for at, rule in enumerate(incident.parts)}
    entities = {entity: at for at, entity in enumerate(incident.entities)}
    return [
        [parts[rule], entities[entity], count] for (rule, entity), count in incident.ties.items()
    ]


def _part(part: Part) -> dict[str, Any]:
    return {
        "rule": part.rule, "title": part.title, "kind": part.kind, "level": part.level,
        "risk": part.risk, "confidence": part.confidence, "count": part.count,
        "first": iso(part.first), "last": iso(part.last), "finding": part.finding,
        "steps": [_step(step) for step in part.steps],
        "proposed": [
            {**_step(each.step), "confidence": each.confidence} for each in part.proposed
        ],
    }  # fmt: skip


def _step(step: Step) -> dict[str, Any]:
    return {"id": step.id, "name": step.name, "tactics": list(step.tactics)}


def _read_part(told: Mapping[str, Any]) -> Part:
    return Part(
        rule=str(told["rule"]), title=str(told["title"]), kind=str(told["kind"]),
        level=str(told["level"]), risk=float(told["risk"]), confidence=float(told["confidence"]),
        first=_time(told["first"]), last=_time(told["last"]), finding=str(told["finding"]),
        count=int(told["count"]),
        steps=tuple(_read_step(s) for s in told["steps"]),
        # records of before have none
        proposed=tuple(
            Proposed(_read_step(s), float(s["confidence"])) for s in told.get("proposed", ())
        ),
    )  # fmt: skip


def _read_step(told: Mapping[str, Any]) -> Step:
    return Step(str(told["id"]), str(told["name"]), tuple(str(t) for t in told["tactics"]))


def _time(text: Any) -> datetime:
    found = parse_time(text)
    if found is None:
        raise ValueError(text)
    return found
