"""Alerts of a hunt to incidents, kept in memory: the hunt's end is the end of all stories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.incident.finding import Finding, finding_of
from engine.incident.group import Shelf
from engine.incident.incident import Incident
from engine.incident.order import REPEATED, places, weighed
from engine.incident.rank import USUAL, Rarity, Standing, Weights, standing
from engine.incident.step import Proposes

MOST_WAITING = 20_000
"""Findings kept until they are put into incidents, together and in the order of their times."""


@dataclass(frozen=True, slots=True)
class Story:
    """An incident and where it stands among all."""

    incident: Incident
    standing: Standing


class Gathering:
    """Takes alerts as they come, and tells at the end what stories they are."""

    def __init__(self, namespace: str = "default", proposes: Proposes | None = None) -> None:
        """`proposes` says what else rules may be about than their tags say."""
        self._namespace, self._proposes = namespace, proposes
        self._shelf = Shelf(())
        self._waiting: list[Finding] = []
        self._incidents: dict[str, Incident] = {}

    def add(self, document: Any) -> None:
        """Take an alert document; one that is no part of a story is passed over."""
        finding = finding_of(document, self._proposes)
        if finding is None:
            return
        self._waiting.append(finding)
        if len(self._waiting) >= MOST_WAITING:
            self._place()

    def stories(self, weights: Weights = USUAL) -> list[Story]:
        """All incidents so far with their standing, the first one mattering most."""
        self._place()
        incidents = [i for i in self._incidents.values() if i.merged_into is None]
        return ranked(incidents, Rarity.of(incidents), weights)

    def _place(self) -> None:
        waiting, self._waiting = self._waiting, []
        for finding in sorted(waiting, key=lambda f: (f.start, f.id)):
            for incident in self._shelf.take(finding, self._namespace):
                self._incidents[incident.id] = incident


def ranked(
    incidents: list[Incident],
    rarity: Rarity,
    weights: Weights = USUAL,
    repeated: float = REPEATED,
) -> list[Story]:
    """Incidents with their standing, the first one mattering most.

    `repeated` is what one loses that tells all of a story above it once more, 0 to 1.
    """
    stories = [Story(each, standing(each, rarity, weights)) for each in incidents]
    stories.sort(key=_place_of)
    told = [weighed(each.incident, rarity) for each in stories]
    worth = [each.standing.worth for each in stories]
    return [stories[at] for at in places(told, worth, repeated=repeated)]


def _place_of(story: Story) -> tuple[float, float, Any, str]:
    certain, risk = story.standing.order
    return (-certain, -risk, story.incident.start, story.incident.id)
