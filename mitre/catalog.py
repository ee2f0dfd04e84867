"""The catalogue of ATT&CK: lookups in each version it speaks, and the way from one to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import orjson

from mitre.errors import AttackError
from mitre.technique import (
    Release,
    Tactic,
    Technique,
    last_successor,
    tactic_url,
    technique_url,
)

PACKAGED = Path(__file__).with_name("attack.json")


class Catalog:
    """ATT&CK Enterprise in one or more versions; immutable, safe to share between threads.

    Wherever a method takes `version`, None means the newest (`Catalog.version`); a version that
    the catalogue does not speak raises `AttackError`. Ids may be given in any case.
    """

    def __init__(self, releases: Sequence[Release], source: Mapping[str, Any] | None = None):
        if not releases:
            raise AttackError("holds no release")
        self._releases = {r.version: r for r in sorted(releases, key=lambda r: r.version)}
        self.versions: tuple[int, ...] = tuple(self._releases)
        self.version: int = self.versions[-1]
        self.source: Mapping[str, Any] = source or {}
        """What it was made from: name, version, sha256, delta_sha256, copyright, statement."""

    @classmethod
    def load(cls, path: Path | None = None) -> Catalog:
        """The packaged catalogue, or another that `vedette mitre update` wrote; read once.

        Raises `AttackError` when the file cannot be read or is no catalogue.
        """
        path = path or PACKAGED
        try:
            return _load(path, path.stat().st_mtime_ns)
        except OSError as error:
            raise AttackError(f"cannot be read: {error.strerror}", str(path)) from error

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Catalog:
        """The catalogue of facts as `mitre.update.build` gives them. Raises `AttackError`."""
        try:
            releases: list[Release] = []
            techniques: dict[str, Technique] = {}
            for version, stated in sorted(facts["releases"].items(), key=lambda item: int(item[0])):
                tactics = tuple(Tactic(**t, url=tactic_url(t["id"])) for t in stated["tactics"])
                techniques = techniques | _techniques(stated["techniques"])
                releases.append(Release(int(version), tactics, techniques))
            return cls(releases, facts["source"])
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise AttackError("is not a catalogue that `vedette mitre update` wrote") from error

    def release(self, version: int | None = None) -> Release:
        """All of one version."""
        wanted = self.version if version is None else version
        if wanted not in self._releases:
            spoken = " and ".join(f"v{known}" for known in self.versions)
            raise AttackError(f"this catalogue speaks ATT&CK {spoken}, not v{wanted}")
        return self._releases[wanted]

    def technique(self, id: str, version: int | None = None) -> Technique | None:
        """A technique or sub-technique, revoked and deprecated ones too; None when unknown."""
        return self.release(version).techniques.get(id.upper())

    def tactics(self, version: int | None = None) -> tuple[Tactic, ...]:
        """All tactics in the order of the matrix."""
        return self.release(version).tactics

    def tactic(self, name: str, version: int | None = None) -> Tactic | None:
        """A tactic by id, name or shortname, also by a name that only another version uses.

        Of a tactic that was split, the part that kept the id (see `tactic_heirs`).
        """
        found = self.tactic_heirs(name, version)
        return found[0] if found else None

    def tactic_heirs(self, name: str, version: int | None = None) -> tuple[Tactic, ...]:
        """Every tactic of `version` that `name` may mean; the one with the same id first.

        `defense-evasion` in v19 gives Stealth and Defense Impairment; both of these give
        Defense Evasion in v18.
        """
        wanted, key = self.release(version), name.strip().lower()
        key = key.replace("_", "-").replace(" ", "-")
        for known in (wanted, *reversed(self._releases.values())):
            for tactic in known.tactics:
                if key in (tactic.id.lower(), tactic.shortname, _slug(tactic.name)):
                    return (tactic,) if known is wanted else _heirs(tactic, wanted)
        return ()

    def successor(self, id: str, version: int | None = None) -> str | None:
        """The id at the end of a revoked id's chain; None when `id` is not revoked, or unknown."""
        return last_successor(id.upper(), self.release(version).techniques)

    def to_version(self, id: str, version: int) -> tuple[str, ...]:
        """The ids that stand for `id` in a version, in id order.

        Forwards by revocation (one id), backwards to every living id that `id` has replaced
        since (perhaps several); `id` itself when it stands there; empty when nothing does.
        """
        id, release = id.upper(), self.release(version)
        if id in release.techniques:
            return (last_successor(id, release.techniques) or id,)
        return self._replaced[version].get(self.successor(id) or id, ())

    def covers(self, alerted: str, wanted: str) -> Literal["exact", "parent"] | None:
        """How an alert's technique answers a wanted one, whichever version each is written in.

        "exact": the same technique, or a sub-technique of the wanted one (T1059.001 is a
        T1059). "parent": only the wanted sub-technique's parent was alerted, which is less than
        what was asked. Both are compared as the newest version has them. Where that says
        nothing, an older version may: T1686 was T1562.004, which is one of T1562. An id that
        has to be carried back for this never counts as "parent": T1685 replaced T1562 but does
        not mean all of it.
        """
        own_end = self.successor(alerted) or alerted.upper()
        other_end = self.successor(wanted) or wanted.upper()
        if answer := self._answers(own_end, other_end, self.version):
            return answer
        for version in self.versions[:-1]:
            own = self.to_version(alerted, version)
            for other in self.to_version(wanted, version):
                answers = {self._answers(id, other, version) for id in own}
                if answers == {"exact"}:
                    return "exact"
                if answers == {"parent"} and own == (alerted.upper(),):
                    return "parent"
        return None

    def _answers(self, own: str, other: str, version: int) -> Literal["exact", "parent"] | None:
        techniques = self.release(version).techniques
        narrow, wide = techniques.get(own), techniques.get(other)
        if own == other or (narrow and narrow.parent == other):
            return "exact"
        return "parent" if wide and wide.parent == own else None

    @cached_property
    def _replaced(self) -> dict[int, dict[str, tuple[str, ...]]]:
        """Version → newest id → the ids living in that version that it has replaced."""
        table: dict[int, dict[str, tuple[str, ...]]] = {}
        for version, release in self._releases.items():
            inverse = table.setdefault(version, {})
            for id, technique in release.techniques.items():
                end = self.successor(id) if technique.living else None
                if end:
                    inverse[end] = (*inverse.get(end, ()), id)
        return table


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _heirs(tactic: Tactic, release: Release) -> tuple[Tactic, ...]:
    same = [t for t in release.tactics if t.id == tactic.id]
    kin = [t for t in release.tactics if tactic.shortname == t.was or tactic.was == t.shortname]
    return tuple(dict.fromkeys(same + kin))


@lru_cache(maxsize=8)
def _load(path: Path, _mtime_ns: int) -> Catalog:
    """Parse once for each state of the file."""
    try:
        return Catalog.of(orjson.loads(path.read_bytes()))
    except orjson.JSONDecodeError as error:
        raise AttackError(f"is not JSON: {error}", str(path)) from error
    except AttackError as error:
        raise AttackError(error.message, str(path)) from error


def _techniques(stated: Mapping[str, Mapping[str, Any]]) -> dict[str, Technique]:
    return {
        id: Technique(
            id,
            facts["name"],
            tuple(facts["tactics"]),
            facts.get("parent"),
            technique_url(id),
            facts.get("revoked_by"),
            facts.get("deprecated", False),
        )
        for id, facts in stated.items()
    }
