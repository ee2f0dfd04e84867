"""A tactic and a technique of MITRE ATT&CK Enterprise, as one release knows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SITE = "https://attack.mitre.org"

TECHNIQUE_ID = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")
TACTIC_ID = re.compile(r"TA[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Tactic:
    """A column of the matrix; `shortname` is the hyphenated form (`lateral-movement`).

    `was` is the shortname that the tactic, or the part it was split from, had in the release
    before; None when that release has it under the same name.
    """

    id: str
    name: str
    shortname: str
    url: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique or sub-technique (`parent` is then the technique's id).

    `tactics` are shortnames in matrix order, empty when the facts name none. `revoked_by` is the
    id that MITRE put directly in its place (itself perhaps revoked later: `Catalog.successor`
    goes to the end). `deprecated` means withdrawn with nothing in its place.
    """

    id: str
    name: str
    tactics: tuple[str, ...]
    parent: str | None
    url: str
    revoked_by: str | None = None
    deprecated: bool = False

    @property
    def living(self) -> bool:
        """Neither revoked nor deprecated."""
        return self.revoked_by is None and not self.deprecated


@dataclass(frozen=True, slots=True)
class Release:
    """All of one ATT&CK version: tactics in matrix order, techniques by id in id order."""

    version: int
    tactics: tuple[Tactic, ...]
    techniques: Mapping[str, Technique]


def tactic_url(id: str) -> str:
    """The page of a tactic id."""
    return f"{SITE}/tactics/{id}/"


def technique_url(id: str) -> str:
    """The page of a technique or sub-technique id (`T1059.001` is `T1059/001`)."""
    return f"{SITE}/techniques/{id.replace('.', '/')}/"


def matrix_order(shortnames: set[str], tactics: tuple[Tactic, ...]) -> tuple[str, ...]:
    """Those of `shortnames` that are tactics here, in matrix order."""
    return tuple(tactic.shortname for tactic in tactics if tactic.shortname in shortnames)


def last_successor(id: str, techniques: Mapping[str, Technique]) -> str | None:
    """The end of the chain of revocations that starts at `id`.

    None when `id` is unknown or not revoked, or when the chain runs in a circle or off the table.
    """
    seen = {id}
    here = techniques.get(id)
    while here is not None and here.revoked_by is not None:
        if here.revoked_by in seen:
            return None
        seen.add(here.revoked_by)
        here = techniques.get(here.revoked_by)
    return here.id if here is not None and here.id != id else None
