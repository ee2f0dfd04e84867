"""AIT-ADS as a stream of alerts: how many an analyst opens less, and which attack steps are kept.

Each alert of Wazuh, Suricata and AMiner is a finding: its type is the rule, its host the entity. An
attack step is a label of a company (`event_label`), such as the web shell's commands at Fox. It is
kept when an incident that is opened shows, among the parts that its story names, the type of an
alert that is labelled with it and lies in that incident. Labels are used for nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.incident.entity import HOST, Entity, host_name
from engine.incident.finding import OTHERWISE, Finding
from engine.incident.gather import Story, ranked
from engine.incident.group import Shelf
from engine.incident.incident import Incident
from engine.incident.rank import Rarity
from engine.incident.words import in_order
from vedette.evaluate.files import rows
from vedette.evaluate.sets.ait_ads import FOLDER, NORMAL_EVENT, SCENARIOS

COLUMNS = ("time", "host", "short", "event_label")
SHARES = (1.0, 0.5, 0.25, 0.1)
"""Of a company's incidents, the first so many are opened."""
RISK = 47.0
"""Of every alert: the set has no levels."""

Step = tuple[str, str]
"""Company and label."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company's alerts as incidents, ranked, each with the steps that its story shows."""

    name: str
    alerts: int
    incidents: list[frozenset[str]]
    hidden: list[frozenset[str]]
    """The steps whose alerts lie in an incident, shown or not."""
    steps: frozenset[str]


@dataclass(frozen=True, slots=True)
class Opened:
    """What is kept by who opens the first incidents: a share of them, and what it comes to."""

    share: float
    opened: int
    alerts: int
    steps: int
    shown: int
    held: int

    @property
    def fewer(self) -> float:
        """The share of alerts that need not be opened."""
        return 1 - self.opened / self.alerts

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "part": "stream", "share": self.share, "opened": self.opened, "alerts": self.alerts,
            "fewer": self.fewer, "steps": self.steps, "shown": self.shown, "held": self.held,
        }  # fmt: skip


def stream(data: Path) -> list[Company]:
    """All companies below the folder `data`; `InputError` names what is missing or wrong."""
    return [company(data / FOLDER / f"{name}_alerts.csv.zst", name) for name in SCENARIOS]


def opened(companies: Sequence[Company]) -> list[Opened]:
    """What the first incidents of each company keep, by how many of them are opened."""
    return [_opened(companies, share) for share in SHARES]


def _opened(companies: Sequence[Company], share: float) -> Opened:
    shown = held = total = 0
    for each in companies:
        most = max(1, round(share * len(each.incidents)))
        total += most
        shown += len(frozenset().union(*each.incidents[:most]))
        held += len(frozenset().union(*each.hidden[:most]))
    return Opened(share, total, sum(each.alerts for each in companies),
                  sum(len(each.steps) for each in companies), shown, held)  # fmt: skip


def company(path: Path, name: str) -> Company:
    """One company's alerts, in the order of time, to incidents."""
    shelf, incidents = Shelf(()), dict[str, Incident]()
    labelled: dict[str, set[tuple[str, str]]] = defaultdict(set)
    steps, count = set[str](), 0
    for finding, label in sorted(_findings(path), key=lambda pair: (pair[0].start, pair[0].id)):
        count += 1
        for incident in shelf.take(finding, name):
            incidents[incident.id] = incident
            if label != NORMAL_EVENT and incident.merged_into is None:
                labelled[incident.id].add((finding.rule, label))
                steps.add(label)
    if not steps:
        raise InputError("labels no alert as an attack's", file=str(path), field="event_label")
    living = [incident for incident in incidents.values() if incident.merged_into is None]
    stories = ranked(living, Rarity.of(living))
    told = [_told(story, labelled) for story in stories]
    return Company(
        name, count, [shown for shown, _ in told], [held for _, held in told], frozenset(steps)
    )


def _told(
    story: Story, labelled: dict[str, set[tuple[str, str]]]
) -> tuple[frozenset[str], frozenset[str]]:
    """The steps that an incident's story shows, and all that lie in it."""
    incident = story.incident
    pairs = {pair for identity in (incident.id, *incident.merged) for pair in labelled[identity]}
    named = {part.rule for part in in_order(incident, story.standing)}
    return (
        frozenset(label for rule, label in pairs if rule in named),
        frozenset(label for _, label in pairs),
    )


def _findings(path: Path) -> Iterator[tuple[Finding, str]]:
    hosts: dict[str, tuple[Entity, ...]] = {}
    for line, (time, host, kind, label) in rows(path, COLUMNS):
        try:
            when = datetime.fromtimestamp(int(time), UTC)
        except (ValueError, OverflowError) as error:
            raise InputError(
                "is no time", file=str(path), line=line, field="time",
                expected="seconds since 1970",
            ) from error  # fmt: skip
        if (entities := hosts.get(host)) is None:
            entities = hosts[host] = (Entity(HOST, host_name(host)),)
        yield (
            Finding(
                f"{line:08}", kind, kind, "sigma", "medium", RISK, OTHERWISE, when, when, entities
            ),
            label,
        )
