"""What a hunt found, added up alert by alert; memory grows with rules, never with alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.errors import Problems
from engine.incident.gather import Story
from engine.ports import Document
from engine.score.figures import Figures
from engine.tune.counts import Counts
from vedette.output import attack, fields
from vedette.output.levels import LEVELS, rank, worse
from vedette.output.tally import LONGEST, Tally
from vedette.output.timeline import Timeline

NEWEST = 19
"""The ATT&CK version spoken when no alert says which."""

ANOMALY = "anomaly"
"""The category of what stands in the place of a rule where a model found something."""

_MOST_TECHNIQUES = 64
"""How many techniques one rule's group remembers."""


@dataclass(slots=True)
class Group:
    """All alerts of one rule. `techniques` and `tactics` map ids to names."""

    rule_id: str
    title: str
    level: str
    techniques: dict[str, str] = field(default_factory=dict)
    tactics: dict[str, str] = field(default_factory=dict)
    hosts: Tally = field(default_factory=lambda: Tally(64))
    users: Tally = field(default_factory=lambda: Tally(64))
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    by_model: bool = False
    """Whether a model found them, not a rule."""

    def seen(self, when: datetime | None) -> None:
        """Widen the span from first to last seen (UTC) by one event's time."""
        if when is not None:
            self.first = min(self.first or when, when)
            self.last = max(self.last or when, when)


@dataclass(slots=True)
class Cell:
    """One technique under one tactic: its name, alerts and worst level."""

    name: str
    count: int = 0
    level: str = LEVELS[-1]


@dataclass
class Summary:
    """The figures of one hunt.

    `add` fills what comes from alerts; the caller sets `events`, `bytes`, `seconds` (wall
    clock), `rules_loaded`, `rules_failed`, `problems`, `tuned` (what the tuning held back),
    `scored` (what each model did), and `not_shown`: how many of the alerts counted here lie beyond
    `--limit` and were given to no writer. `incidents` are what the alerts amount to, the one that
    matters most first.
    """

    events: int = 0
    bytes: int = 0
    seconds: float = 0.0
    rules_loaded: int = 0
    rules_failed: int = 0
    not_shown: int = 0
    tuned: Counts | None = None
    scored: list[Figures] = field(default_factory=list)
    incidents: Sequence[Story] = ()
    problems: Problems = field(default_factory=Problems)
    alerts_total: int = 0
    attack_version: int = NEWEST
    levels: Counter[str] = field(default_factory=Counter)
    tactics: Counter[str] = field(default_factory=Counter)
    """Alerts by tactic id. An alert counts once for each of its tactics."""
    tactic_names: dict[str, str] = field(default_factory=dict)
    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)
    """Tactic id to technique id to its cell; `attack.NO_TACTIC` where a tactic is missing."""
    hosts: Tally = field(default_factory=lambda: Tally(4096))
    users: Tally = field(default_factory=lambda: Tally(4096))
    timeline: Timeline = field(default_factory=Timeline)
    by_key: dict[tuple[str, str], Group] = field(default_factory=dict)
    """Groups by `group_key`."""

    def add(self, document: Document) -> None:
        """Count one alert document (of any shape; missing fields are left out)."""
        level, when = fields.level(document), fields.original_time(document)
        host, user = fields.host(document), fields.user(document)
        group = self._group(document, level)
        for tally, name in (
            *((group.hosts, host), (group.users, user)),
            *((self.hosts, host), (self.users, user)),
        ):
            tally.add(name)
        group.count += 1
        group.level = worse(group.level, level)
        group.seen(when)
        self.alerts_total += 1
        self.levels[level] += 1
        self.timeline.add(when, level)
        self._attack(document, group, level)

    def _group(self, document: Document, level: str) -> Group:
        key = group_key(document)
        group = self.by_key.get(key)
        if group is None:
            by_model = fields.text(document, "rule.category") == ANOMALY
            group = self.by_key[key] = Group(key[0], key[1], level, by_model=by_model)
        return group

    def _attack(self, document: Document, group: Group, level: str) -> None:
        version = fields.get(document, "vedette.alert.attack.version")
        if isinstance(version, int) and self.alerts_total == 1:
            self.attack_version = version
        pairs, tactics = set(), set()
        for shown in attack.shown(document):
            tactic_id = shown.tactic.id[:LONGEST] if shown.tactic else attack.NO_TACTIC
            technique_id = shown.technique_id[:LONGEST]
            if shown.tactic:
                tactics.add(tactic_id)
                self.tactic_names.setdefault(tactic_id, shown.tactic.name[:LONGEST])
                group.tactics.setdefault(tactic_id, shown.tactic.name[:LONGEST])
            if technique_id and (tactic_id, technique_id) not in pairs:
                pairs.add((tactic_id, technique_id))
                self._technique(tactic_id, technique_id, shown.technique_name, group, level)
        self.tactics.update(tactics)

    def _technique(self, tactic: str, id_: str, name: str, group: Group, level: str) -> None:
        name = name[:LONGEST]
        if len(group.techniques) < _MOST_TECHNIQUES:
            group.techniques.setdefault(id_, name)
        cell = self.cells.setdefault(tactic, {}).setdefault(id_, Cell(name))
        cell.count += 1
        cell.level = worse(cell.level, level)

    @property
    def groups(self) -> list[Group]:
        """Groups, worst level first, then the most alerts, then by title."""
        order = sorted(self.by_key.values(), key=lambda group: group.title)
        return sorted(order, key=lambda group: (rank(group.level), -group.count))

    @property
    def by_models(self) -> int:
        """How many of the groups models found."""
        return sum(group.by_model for group in self.by_key.values())

    @property
    def first(self) -> datetime | None:
        """When the earliest alerting event happened (UTC)."""
        return min((g.first for g in self.by_key.values() if g.first), default=None)

    @property
    def last(self) -> datetime | None:
        """When the latest alerting event happened (UTC)."""
        return max((g.last for g in self.by_key.values() if g.last), default=None)

    @property
    def events_per_second(self) -> float:
        """Throughput over the whole run; 0 while no time has passed."""
        return self.events / self.seconds if self.seconds > 0 else 0.0

    def tactics_in_order(self) -> list[tuple[str, str, int]]:
        """(id, name, alerts) of every tactic that was alerted, in the matrix's order."""
        names = {tactic.id: tactic.name for tactic in attack.matrix(self.attack_version)}
        return [
            (id_, names.get(id_) or self.tactic_names.get(id_) or id_, self.tactics[id_])
            for id_ in attack.in_order(self.tactics, self.attack_version)
        ]


def group_key(document: Document) -> tuple[str, str]:
    """What alerts of one rule share: (rule id, title), of bounded length."""
    title = fields.title(document)[:LONGEST]
    return fields.text(document, "rule.uuid")[:LONGEST] or title, title
