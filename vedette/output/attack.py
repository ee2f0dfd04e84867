"""The ATT&CK side of alert documents: `threat.*` read back, and the matrix's order of tactics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from mitre import technique
from mitre.catalog import Catalog
from mitre.technique import Tactic
from vedette.output.fields import entries, get, texts

NO_TACTIC = "-"
"""Stands for the tactic of a technique whose document names none."""


@dataclass(frozen=True, slots=True)
class Named:
    """A tactic as a document names it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A tactic, and a technique under it, that one `threat` entry names (either may be missing)."""

    tactic: Named | None
    technique_id: str
    technique_name: str


@cache
def matrix(version: int) -> tuple[Tactic, ...]:
    """All tactics of an ATT&CK version in the matrix's order; the newest for an unknown one."""
    catalog = Catalog.load()
    return catalog.tactics(version if version in catalog.versions else None)


def in_order(tactic_ids: Iterable[str], version: int) -> list[str]:
    """Tactic ids in the matrix's order; ids that the matrix lacks come last, by id."""
    place = {tactic.id: index for index, tactic in enumerate(matrix(version))}
    return sorted(tactic_ids, key=lambda id_: (place.get(id_, len(place)), id_))


def shown(document: Any) -> Iterator[Shown]:
    """Every pair of tactic and technique (the sub-technique where there is one) of an alert."""
    for entry in entries(get(document, "threat")):
        tactics = [Named(*pair) for pair in _pairs(get(entry, "tactic"))]
        techniques = [*_techniques(entry)] or ([("", "")] if tactics else [])
        for id_, name in techniques:
            yield from (Shown(tactic, id_, name) for tactic in tactics or (None,))


def _techniques(entry: Any) -> Iterator[tuple[str, str]]:
    """Sub-techniques (named with their parent), and techniques that have none of them here."""
    for listed in entries(get(entry, "technique")):
        names = dict(_pairs(listed))
        subs = dict(_pairs(get(listed, "subtechnique")))
        parents = {id_.partition(".")[0] for id_ in subs}
        yield from ((id_, name) for id_, name in names.items() if id_ not in parents)
        for id_, name in subs.items():
            parent = names.get(id_.partition(".")[0])
            yield id_, f"{parent}: {name}" if parent and name else name


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    """(id, name) of each thing in an ECS object of parallel arrays, or in a list of such."""
    for entry in entries(value):
        ids, names = texts(entry, "id"), texts(entry, "name")
        yield from ((id_, names[at] if at < len(names) else "") for at, id_ in enumerate(ids))


def technique_url(id_: str) -> str | None:
    """The technique's page, None when the id is not one of ATT&CK's form."""
    return technique.technique_url(id_) if technique.TECHNIQUE_ID.fullmatch(id_) else None


def tactic_url(id_: str) -> str | None:
    """The tactic's page, None when the id is not one of ATT&CK's form."""
    return technique.tactic_url(id_) if technique.TACTIC_ID.fullmatch(id_) else None
