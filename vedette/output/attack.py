"""The ATT&CK side of alert documents: `threat.*` read back, and the matrix's order of tactics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from vedette.output.fields import entries, get, texts

NO_TACTIC = "-"
"""Stands for the tactic of a technique whose document names none."""

_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_TACTIC = re.compile(r"TA\d{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tactic:
    """One column of the matrix."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What one `threat` entry says: a tactic, and the technique under it if it names one."""

    tactic: Tactic | None
    technique_id: str
    technique_name: str


@cache
def matrix(version: int) -> tuple[Tactic, ...]:
    """All tactics of an ATT&CK version in the matrix's order; the newest for an unknown one."""
    return _matrix(version)


def in_order(tactic_ids: Iterable[str], version: int) -> list[str]:
    """Tactic ids in the matrix's order; ids that the matrix lacks come last, by id."""
    place = {tactic.id: index for index, tactic in enumerate(matrix(version))}
    return sorted(tactic_ids, key=lambda id_: (place.get(id_, len(place)), id_))


def shown(document: Any) -> Iterator[Shown]:
    """Every pair of tactic and technique (the sub-technique where there is one) of an alert."""
    for entry in entries(get(document, "threat")):
        tactics = [Tactic(*pair) for pair in _pairs(get(entry, "tactic"))]
        techniques = [*_techniques(entry)] or ([("", "")] if tactics else [])
        for id_, name in techniques:
            yield from (Shown(tactic, id_, name) for tactic in tactics or (None,))


def _techniques(entry: Any) -> Iterator[tuple[str, str]]:
    for technique in entries(get(entry, "technique")):
        subs = [pair for sub in entries(get(technique, "subtechnique")) for pair in _pairs(sub)]
        parent = next(iter(_pairs(technique)), ("", ""))[1]
        if subs:
            yield from (
                (id_, f"{parent}: {name}" if parent and name else name) for id_, name in subs
            )
        else:
            yield from _pairs(technique)


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    """(id, name) of each thing in an ECS object of parallel arrays, or in a list of such."""
    for entry in entries(value):
        ids, names = texts(entry, "id"), texts(entry, "name")
        yield from ((id_, names[at] if at < len(names) else "") for at, id_ in enumerate(ids))


def technique_url(id_: str) -> str | None:
    """The technique's page, None when the id is not one of ATT&CK's form."""
    if not _TECHNIQUE.fullmatch(id_):
        return None
    return f"https://attack.mitre.org/techniques/{id_.replace('.', '/')}/"


def tactic_url(id_: str) -> str | None:
    """The tactic's page, None when the id is not one of ATT&CK's form."""
    if not _TACTIC.fullmatch(id_):
        return None
    return f"https://attack.mitre.org/tactics/{id_}/"


def _matrix(version: int) -> tuple[Tactic, ...]:
    early = (
        Tactic("TA0043", "Reconnaissance"),
        Tactic("TA0042", "Resource Development"),
        Tactic("TA0001", "Initial Access"),
        Tactic("TA0002", "Execution"),
        Tactic("TA0003", "Persistence"),
        Tactic("TA0004", "Privilege Escalation"),
    )
    evasion: tuple[Tactic, ...] = (
        Tactic("TA0005", "Stealth"),
        Tactic("TA0112", "Defense Impairment"),
    )
    if version < 19:
        evasion = (Tactic("TA0005", "Defense Evasion"),)
    late = (
        Tactic("TA0006", "Credential Access"),
        Tactic("TA0007", "Discovery"),
        Tactic("TA0008", "Lateral Movement"),
        Tactic("TA0009", "Collection"),
        Tactic("TA0011", "Command and Control"),
        Tactic("TA0010", "Exfiltration"),
        Tactic("TA0040", "Impact"),
    )
    return early + evasion + late
