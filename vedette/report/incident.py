"""An incident as the report page shows it: bounded, visible, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from engine.incident.gather import Story
from engine.incident.words import chain, in_order, named, story, title
from vedette.output import attack, fields
from vedette.output.safe import brief

_TECHNIQUES = 5


@dataclass(frozen=True, slots=True)
class PartView:
    """What one rule or model found, in one line of the story."""

    time: str
    level: str
    title: str
    techniques: str
    count: int


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident. `techniques` are (id, name, address, percent of certainty)."""

    id: str
    level: str
    risk: int
    title: str
    hosts: str
    users: str
    first: str
    last: str
    alerts: int
    tactics: list[str]
    sentences: list[str]
    techniques: list[tuple[str, str, str | None, int]]
    parts: list[PartView]
    parts_more: int


def incident_view(each: Story) -> IncidentView:
    """What the template shows of an incident."""
    incident, standing = each.incident, each.standing
    parts = in_order(incident, standing)
    sentences = story(incident, standing)
    return IncidentView(
        id=incident.id,
        level=incident.level,
        risk=round(standing.risk),
        title=brief(title(incident, standing), 160),
        hosts=brief(named(incident.hosts), 120),
        users=brief(named(incident.users), 120),
        first=fields.stamp(incident.start),
        last=fields.stamp(incident.end),
        alerts=incident.findings,
        tactics=[brief(name, 40) for name in chain(incident)],
        sentences=[brief(text, 400) for text in sentences[:2]],
        techniques=[
            (brief(t.id, 24), brief(t.name, 120), attack.technique_url(t.id),
             round(100 * t.certainty))
            for t in standing.techniques[:_TECHNIQUES]
        ],
        parts=[
            PartView(
                fields.stamp(part.first),
                part.level,
                brief(part.title, 160),
                brief(", ".join(step.id for step in part.steps), 80),
                part.count,
            )
            for part in parts
        ],
        parts_more=len(incident.parts) - len(parts),
    )  # fmt: skip
