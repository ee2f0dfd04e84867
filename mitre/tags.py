"""What a Sigma rule's tags say of ATT&CK, and how an alert tells it (`threat.*` of ECS).

Tags come as rules of any year write them: `attack.t1059.001`, `attack.defense-evasion`,
`attack.defense_evasion`, `attack.ta0002`, `attack.g0032`, `attack.s0002`. Tags of other
namespaces (`cve.*`, `car.*`, `detection.*`) say nothing of ATT&CK and are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from mitre.catalog import Catalog
from mitre.technique import TACTIC_ID, TECHNIQUE_ID, Tactic, Technique

_OTHER_ID = re.compile(r"(?:M|C|DS|DC|DET|AN)[0-9]{4}")
"""Mitigations, campaigns, data sources, analytics: ATT&CK ids that alerts have no place for."""

_SHOWN = 64
"""Characters of a tag that a problem repeats; the text is the rule author's, so bounded."""


@dataclass(frozen=True, slots=True)
class TagMapping:
    """A rule's tags in terms of one ATT&CK version.

    `techniques` are in id order, `tactics` in matrix order: those tagged, or else those of the
    techniques. `groups` and `software` are ids (G0032, S0002). `unknown` are technique ids that
    the version has no place for. `problems` has a sentence for every tag that is unknown, revoked
    (its successor named) or deprecated, each beginning with the tag.
    """

    catalog: Catalog = field(repr=False, compare=False)
    version: int
    techniques: tuple[Technique, ...] = ()
    tactics: tuple[Tactic, ...] = ()
    groups: tuple[str, ...] = ()
    software: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def map_tags(tags: Iterable[str], catalog: Catalog, version: int | None = None) -> TagMapping:
    """Read a rule's tags in an ATT&CK version (None: the catalogue's newest).

    A revoked id is replaced by its successor. An id that the version does not have is carried
    there; of several old ids for a new one the one that is tagged too wins, else the one of the
    same name, else the first. Never raises on any tag; `AttackError` when the catalogue does not
    speak `version`.
    """
    reader = _Reader(catalog, catalog.release(version).version)
    for tag in tags:
        reader.sort(tag)
    for id, tag in reader.ids.items():
        reader.technique(id, tag)
    return TagMapping(
        catalog=catalog,
        version=reader.version,
        techniques=tuple(reader.techniques[id] for id in sorted(reader.techniques)),
        tactics=reader.tactics(),
        groups=tuple(sorted(reader.groups)),
        software=tuple(sorted(reader.software)),
        unknown=tuple(sorted(reader.unknown)),
        problems=tuple(reader.problems),
    )


class _Reader:
    """Collects what the tags of one rule say."""

    def __init__(self, catalog: Catalog, version: int) -> None:
        self.catalog, self.version = catalog, version
        self.ids: dict[str, str] = {}
        self.techniques: dict[str, Technique] = {}
        self.named: set[tuple[Tactic, ...]] = set()
        self.groups: set[str] = set()
        self.software: set[str] = set()
        self.unknown: set[str] = set()
        self.problems: dict[str, None] = {}

    def problem(self, tag: str, text: str) -> None:
        """Keep a sentence once; a control character would be told by its escape."""
        shown = tag if len(tag) <= _SHOWN else f"{tag[:_SHOWN]}…"
        shown = shown if shown.isprintable() else ascii(shown)[1:-1]
        self.problems[f"{shown}: {text}"] = None

    def sort(self, tag: str) -> None:
        """Put a tag where it belongs by its form."""
        namespace, _, name = tag.strip().partition(".")
        if namespace.lower() != "attack":
            return
        id = name.upper()
        if TECHNIQUE_ID.fullmatch(id):
            self.ids.setdefault(id, tag)
        elif re.fullmatch(r"G[0-9]{4}", id):
            self.groups.add(id)
        elif re.fullmatch(r"S[0-9]{4}", id):
            self.software.add(id)
        elif not _OTHER_ID.fullmatch(id):
            self.tactic(name, tag)

    def tactic(self, name: str, tag: str) -> None:
        """A tactic by its id or any of its names."""
        if found := self.catalog.tactic_heirs(name, self.version):
            self.named.add(found)
            return
        if TACTIC_ID.fullmatch(name.upper()):
            self.problem(tag, f"{name.upper()} is no tactic of ATT&CK")
            return
        near = self._near(name)
        hint = f"; did you mean attack.{near}?" if near else ""
        self.problem(tag, f"names no tactic or technique of ATT&CK{hint}")

    def technique(self, id: str, tag: str) -> None:
        """A technique id, in the form that the version has it."""
        found = self.catalog.technique(id, self.version)
        if found is None:
            found = self._carried(id, tag)
        elif end := self.catalog.successor(id, self.version):
            found = self.catalog.technique(end, self.version)
            name = found.name if found else ""
            self.problem(tag, f"{id} was revoked in favour of {end} ({name})")
        elif not found.living:
            self.problem(tag, f"{id} ({found.name}) is deprecated in ATT&CK v{self.version}")
        if found is None:
            self.unknown.add(id)
        else:
            self.techniques[found.id] = found

    def _carried(self, id: str, tag: str) -> Technique | None:
        """The technique of this version that stands for an id which only another one has."""
        known = next(
            (t for v in self.catalog.versions if (t := self.catalog.technique(id, v))), None
        )
        if known is None:
            self.problem(tag, f"{id} is not in ATT&CK v{self.version}")
            return None
        absent = f"{id} ({known.name}) is not in ATT&CK v{self.version}"
        there = self.catalog.to_version(id, self.version)
        if not there and known.parent:
            there = self.catalog.to_version(known.parent, self.version)
            if there:
                self.problem(tag, f"{absent}; its parent stands for it")
        if not there:
            self.problem(tag, f"{absent}, nor is anything in its place")
            return None
        options = [t for i in there if (t := self.catalog.technique(i, self.version))]
        return min(options, key=lambda t: (t.id not in self.ids, t.name != known.name))

    def tactics(self) -> tuple[Tactic, ...]:
        """The tactics tagged, else those of the techniques, in matrix order."""
        own = {short for technique in self.techniques.values() for short in technique.tactics}
        wanted = set[str]()
        for heirs in self.named:
            # A tactic that was split means the part, or parts, that the techniques belong to.
            fitting = [t.shortname for t in heirs if len(heirs) == 1 or t.shortname in own]
            wanted.update(fitting or [heirs[0].shortname])
        chosen = wanted or own
        return tuple(t for t in self.catalog.tactics(self.version) if t.shortname in chosen)

    def _near(self, name: str) -> str | None:
        names = [t.shortname for v in self.catalog.versions for t in self.catalog.tactics(v)]
        found = get_close_matches(name[:_SHOWN].lower(), names, n=1)
        return found[0] if found else None


def threat(mapping: TagMapping) -> list[dict[str, Any]]:
    """The `threat` array of ECS, one object a tactic, in matrix order.

        {"framework": "MITRE ATT&CK",
         "tactic": {"id": [..], "name": [..], "reference": [..]},
         "technique": {"id": [..], "name": [..], "reference": [..],
                       "subtechnique": {"id": [..], "name": [..], "reference": [..]}}}

    A technique stands under each of the rule's tactics that it belongs to, else under its own
    first one; a technique whose tactics nobody knows under all of the rule's, or in an object
    without `tactic`. A sub-technique's parent is listed with it. Empty parts are absent.
    """
    order = {t.shortname: t for t in mapping.catalog.tactics(mapping.version)}
    ruled = [t.shortname for t in mapping.tactics]
    placed: dict[str | None, list[Technique]] = {shortname: [] for shortname in ruled}
    for technique in mapping.techniques:
        homes: list[str | None] = [s for s in ruled if s in technique.tactics]
        if not homes:
            homes = [technique.tactics[0]] if technique.tactics else [*ruled] or [None]
        for home in homes:
            placed.setdefault(home, []).append(technique)
    entries = [_entry(order[s], placed[s], mapping) for s in order if s in placed]
    return entries + ([_entry(None, placed[None], mapping)] if None in placed else [])


def _entry(
    tactic: Tactic | None, techniques: list[Technique], mapping: TagMapping
) -> dict[str, Any]:
    whole: dict[str, Technique] = {}
    for technique in techniques:
        parent = technique.parent and mapping.catalog.technique(technique.parent, mapping.version)
        if parent:
            whole[parent.id] = parent
        elif not technique.parent:
            whole[technique.id] = technique
    entry: dict[str, Any] = {"framework": "MITRE ATT&CK"}
    if tactic:
        entry["tactic"] = _listed([tactic])
    part = _listed([whole[id] for id in sorted(whole)]) if whole else {}
    if subs := [technique for technique in techniques if technique.parent]:
        part["subtechnique"] = _listed(subs)
    return entry | ({"technique": part} if part else {})


def _listed(things: Iterable[Tactic | Technique]) -> dict[str, Any]:
    things = list(things)
    return {
        "id": [thing.id for thing in things],
        "name": [thing.name for thing in things],
        "reference": [thing.url for thing in things],
    }
