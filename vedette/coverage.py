"""What a rule set covers: techniques of ATT&CK by its tags, and fields by its log sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.match.expression import fields, tests
from engine.rule import Rule
from mitre.catalog import Catalog
from mitre.tags import map_tags
from mitre.technique import Tactic, Technique

LAYER = "4.5"
"""Version of the Navigator's layer format that is written."""

TITLES = 10
"""Rules that a technique's comment names."""


@dataclass(frozen=True, slots=True)
class Covered:
    """A technique under one of its tactics, and the titles of the rules for it."""

    technique: Technique
    tactic: str | None
    rules: tuple[str, ...]


@dataclass(slots=True)
class Coverage:
    """What rules are tagged with, in one ATT&CK version; `untagged` have no technique at all."""

    catalog: Catalog
    version: int
    rules: int = 0
    untagged: int = 0
    cells: dict[tuple[str, str | None], list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def covered(self) -> list[Covered]:
        """Every technique under every tactic, in matrix order and then by id."""
        order = {t.shortname: place for place, t in enumerate(self.tactics)}
        keys = sorted(self.cells, key=lambda key: (order.get(key[1] or "", len(order)), key[0]))
        known = self.catalog.release(self.version).techniques
        return [Covered(known[id], tactic, tuple(self.cells[id, tactic])) for id, tactic in keys]

    @property
    def tactics(self) -> tuple[Tactic, ...]:
        """All tactics of the version, covered or not."""
        return self.catalog.tactics(self.version)

    @property
    def techniques(self) -> set[str]:
        """The ids of all techniques covered."""
        return {id for id, _ in self.cells}


def coverage(rules: Iterable[Rule], catalog: Catalog, version: int | None = None) -> Coverage:
    """Count the rules for each technique. Raises `AttackError` for a version nobody speaks.

    A technique counts under each of the rule's tactics that it serves, or under all of its own
    when the rule names none of them.
    """
    found = Coverage(catalog, catalog.release(version).version)
    for rule in rules:
        if not rule.output:
            continue  # the correlations that it feeds speak for it
        found.rules += 1
        mapping = map_tags(rule.tags, catalog, version)
        found.problems.extend(f"{rule.file}: {problem}" for problem in mapping.problems)
        found.untagged += not mapping.techniques
        wanted = {tactic.shortname for tactic in mapping.tactics}
        for technique in mapping.techniques:
            homes = [t for t in technique.tactics if t in wanted] or list(technique.tactics)
            for tactic in homes or [None]:  # type: ignore[list-item] # nobody knows its tactics
                found.cells.setdefault((technique.id, tactic), []).append(rule.title)
    return found


def navigator_layer(found: Coverage, name: str, *, description: str = "") -> dict[str, Any]:
    """A layer for the ATT&CK Navigator; a technique's score is the number of its rules."""
    covered = found.covered
    most = max((len(cell.rules) for cell in covered), default=1)
    told = [{"name": "rules", "value": str(found.rules)}]
    cells = [_cell(cell) for cell in covered]
    return layer(name, description, found.version, cells, most, metadata=told)


def layer(
    name: str,
    description: str,
    version: int,
    cells: list[dict[str, Any]],
    most: int,
    *,
    legend: Sequence[dict[str, str]] = (),
    metadata: Sequence[dict[str, str]] = (),
) -> dict[str, Any]:
    """What a layer has around its cells; scores go from 0 to `most`."""
    return {
        "name": name,
        "versions": {"attack": str(version), "navigator": "5.1.0", "layer": LAYER},
        "domain": "enterprise-attack",
        "description": description,
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "showName": True, "aggregateFunction": "max",
                   "showAggregateScores": True, "countUnscored": False,
                   "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": cells,
        "gradient": {"colors": ["#dbeafeff", "#1d4ed8ff"], "minValue": 0, "maxValue": most},
        "legendItems": list(legend),
        "metadata": list(metadata),
        "links": [],
        "showTacticRowBackground": False,
        "tacticRowBackground": "#dddddd",
        "selectTechniquesAcrossTactics": False,
        "selectSubtechniquesWithParent": False,
        "selectVisibleTechniques": False,
    }  # fmt: skip


def _cell(cell: Covered) -> dict[str, Any]:
    titles = sorted(cell.rules)
    more = len(titles) - TITLES
    comment = "\n".join([*titles[:TITLES], *([f"and {more} more"] if more > 0 else [])])
    written: dict[str, Any] = {
        "techniqueID": cell.technique.id,
        "score": len(cell.rules),
        "color": "",
        "comment": comment,
        "enabled": True,
        "metadata": [],
        "links": [],
        "showSubtechniques": False,
    }
    return written | ({"tactic": cell.tactic} if cell.tactic else {})


KEYWORDS = "(keywords)"
"""Stands for a search in every value, which needs no field."""


def fields_read(rules: Iterable[Rule]) -> Mapping[str, Counter[str]]:
    """Log source → field → how many rules read it there, by the names that rules use."""
    found: dict[str, Counter[str]] = {}
    for rule in rules:
        if not rule.bindings:
            continue  # a correlation reads what its rules do
        body = rule.bindings[-1].body
        names = set(fields(body))
        if any(test.field is None for test in tests(body)):
            names.add(KEYWORDS)
        found.setdefault(str(rule.logsource), Counter()).update(names)
    return found
